#ifndef MAYFLY_CSPAWN_SHIM_H
#define MAYFLY_CSPAWN_SHIM_H

/*
 * glibc 2.34 has it; Swift's Glibc module shows nothing that needs _GNU_SOURCE. Including <spawn.h> here would make
 * this module the owner of types that belong to Glibc.
 */
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);

/* Has the program that is started close every descriptor from `from` on; 0, or an error number. */
static inline int mayfly_spawn_close_from(void *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

#endif
