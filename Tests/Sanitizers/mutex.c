// Tells the thread sanitizer about Synchronization.Mutex on Linux.
//
// A Mutex that nobody waits for is locked and unlocked by code that the compiler puts into the program, and the
// sanitizer sees that. Under contention three functions of libswiftSynchronization do it (the standard library's
// Mutex/LinuxImpl.swift), which are not instrumented: the order that they make is invisible, and what a Mutex protects
// looks like a race. Here the program's own versions stand in front of those three, call them, and report the order.
// Nothing is suppressed: a race that a Mutex does not prevent is reported as ever.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

// Swift's calling convention: the mutex, which is the address of its lock word, comes in the register of `self`.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void mayfly_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool mayfly_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void mayfly_unlock(SELF) __asm__(UNLOCK);

// The standard library's function behind ours.
static void *next(const char *symbol) {
    void *function = dlsym(RTLD_NEXT, symbol);
    if (function == NULL) abort();
    return function;
}

SWIFT void mayfly_lock(uint32_t thread, SELF) {
    SWIFT void (*lock)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))next(LOCK);
    lock(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT bool mayfly_try_lock(SELF) {
    SWIFT bool (*try_lock)(SELF) = (SWIFT bool (*)(SELF))next(TRY_LOCK);
    bool locked = try_lock(mutex);
    if (locked) __tsan_acquire(mutex);
    return locked;
}

SWIFT void mayfly_unlock(SELF) {
    SWIFT void (*unlock)(SELF) = (SWIFT void (*)(SELF))next(UNLOCK);
    __tsan_release(mutex);
    unlock(mutex);
}
