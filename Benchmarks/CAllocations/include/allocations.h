// Counts this process's calls to the allocator, by standing in front of glibc's own.
#ifndef MAYFLY_ALLOCATIONS_H
#define MAYFLY_ALLOCATIONS_H

/// Blocks that this thread has allocated so far; growing one in place counts too. Always 0 under a sanitizer, which has
/// its own allocator.
unsigned long mayfly_allocations(void);

/// Whether the counter sees one allocation: a counter that counts nothing would pass everything.
int mayfly_allocations_are_counted(void);

#endif
