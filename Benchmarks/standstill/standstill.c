/* How long the machine itself lets a program that wants to run stand still: threads that do nothing but read the clock.
   usage: standstill THREADS MILLISECONDS; prints the longest time between two readings of one thread, in microseconds,
   and the microseconds of all gaps of half a millisecond and more, for each second of a thread. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAXIMUM_THREADS 256

struct found {
    double longest, lost;
};

static double duration;

static double now_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void *run(void *context) {
    struct found *found = context;
    double start = now_microseconds();
    for (double last = start; last < start + duration;) {
        double now = now_microseconds(), gap = now - last;
        if (gap > found->longest) found->longest = gap;
        if (gap >= 500) found->lost += gap;
        last = now;
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct found found[MAXIMUM_THREADS];
    static pthread_t threads[MAXIMUM_THREADS];
    int count = argc == 3 ? atoi(argv[1]) : 0;
    duration = argc == 3 ? atof(argv[2]) * 1e3 : 0;
    if (count < 1 || count > MAXIMUM_THREADS || duration < 1e3 || duration > 1e8) {
        fprintf(stderr, "standstill: usage: standstill THREADS MILLISECONDS, with 1 to 100000 of the latter\n");
        return 2;
    }
    for (int i = 0; i < count; i += 1) {
        if (pthread_create(&threads[i], NULL, run, &found[i]) != 0) {
            fprintf(stderr, "standstill: cannot start a thread\n");
            return 1;
        }
    }
    double longest = 0, lost = 0;
    for (int i = 0; i < count; i += 1) {
        pthread_join(threads[i], NULL);
        if (found[i].longest > longest) longest = found[i].longest;
        lost += found[i].lost;
    }
    printf("%.1f %.1f\n", longest, lost / count / (duration / 1e6));
    return 0;
}
