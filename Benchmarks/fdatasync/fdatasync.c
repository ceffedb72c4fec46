/* What the disk takes to make one commit durable: appends of 4 to 16 KB, each followed by fdatasync.
   usage: fdatasync FILE COUNT; prints median and 99th percentile in microseconds of wall time. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    static char block[16384];
    long count = argc == 3 ? atol(argv[2]) : 0;
    if (count < 100 || count > 100000) {
        fprintf(stderr, "fdatasync: usage: fdatasync FILE COUNT, with 100 to 100000 appends\n");
        return 2;
    }
    double *times = malloc((size_t)count * sizeof *times);
    int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (times == NULL || file < 0) {
        perror("fdatasync");
        return 1;
    }
    memset(block, 'd', sizeof block);
    for (long i = 0; i < count; i += 1) {
        size_t size = 4096 * (size_t)(1 + i % 4);
        double start = now_microseconds();
        if (write(file, block, size) != (ssize_t)size || fdatasync(file) != 0) {
            perror("fdatasync");
            return 1;
        }
        times[i] = now_microseconds() - start;
    }
    close(file);
    unlink(argv[1]);
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("%.1f %.1f\n", times[count / 2], times[count * 99 / 100]);
    free(times);
    return 0;
}
