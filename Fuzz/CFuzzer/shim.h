// libFuzzer's entry for programs that have a main of their own; scripts/fuzz links the library.
#ifndef MAYFLY_CFUZZER_SHIM_H
#define MAYFLY_CFUZZER_SHIM_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
