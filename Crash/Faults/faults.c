// Faults between SQLite and the kernel, for a broker that is started with this library in LD_PRELOAD.
//
// Only the store's own files are concerned: those whose path ends in "mayfly.db" or "mayfly.db-wal". What happens to
// them stands in a file that both sides map (MAYFLY_FAULTS names it), so that faults begin and end while the broker
// runs. Without that variable every call goes straight through.
//
// With `power` set, what a write overwrites is kept in FILE.undo.db and FILE.undo.wal until a sync of that file has
// succeeded. After the process is dead, undoing what is there takes the files back to what a disk without power would
// be bound to hold.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The order is that of `FaultControl` in Swift.
enum word {
    target,          // 1 database, 2 write-ahead log, 3 both: whose calls fail
    write_error,     // errno of every write; 0 for none
    short_writes,    // so many writes take half of their bytes
    sync_error,      // errno of a failing sync
    sync_failures,   // so many syncs fail; negative for every one
    sync_delay,      // milliseconds before a sync begins
    truncate_error,  // errno of every truncation
    kill_target,     // as `target`, for kill_after
    kill_after,      // the write of that number is torn in half and ends the process; 0 for never
    power,           // 1: keep what unsynced writes overwrote
    database_writes,
    log_writes,
    syncs,
    injected,
    syncs_waiting,
    sync_lies,       // 1: a sync succeeds, and keeps nothing: a disk that lies
    words
};

static volatile int64_t *control;
static int undo[3] = {-1, -1, -1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("MAYFLY_FAULTS");
    if (!path) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) _exit(70);
    void *map = mmap(NULL, words * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED) _exit(70);
    static const char *const names[3] = {"", ".undo.db", ".undo.wal"};
    for (int which = 1; which <= 2; which++) {
        char name[PATH_MAX];
        if (strlen(path) + 16 > sizeof name) _exit(70);
        strcat(strcpy(name, path), names[which]);
        undo[which] = open(name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (undo[which] < 0) _exit(70);
    }
    control = map;
}

// 1 for the database, 2 for its write-ahead log, 0 for anything else.
static int which(int file) {
    if (!control) return 0;
    char name[40] = "/proc/self/fd/", path[PATH_MAX];
    int digits = 1, rest = file;
    if (file < 0) return 0;
    while (rest >= 10) rest /= 10, digits++;
    for (int at = 14 + digits - 1; at >= 14; at--, file /= 10) name[at] = (char)('0' + file % 10);
    ssize_t length = readlink(name, path, sizeof path);
    static const char database[] = "/mayfly.db", wal[] = "/mayfly.db-wal";
    if (length >= (ssize_t)sizeof wal - 1 && !memcmp(path + length - (sizeof wal - 1), wal, sizeof wal - 1)) return 2;
    if (length >= (ssize_t)sizeof database - 1 &&
        !memcmp(path + length - (sizeof database - 1), database, sizeof database - 1))
        return 1;
    return 0;
}

static int add(int word, int64_t amount) { return (int)(__atomic_add_fetch(&control[word], amount, __ATOMIC_SEQ_CST)); }

static int fail(int64_t code) {
    add(injected, 1);
    errno = (int)code;
    return -1;
}

// Takes one of a counted number of faults.
static int takes(int word) {
    int64_t left = control[word];
    if (left < 0) return 1;
    while (left > 0)
        if (__atomic_compare_exchange_n(&control[word], &left, left - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return 1;
    return 0;
}

static void all(int file, const void *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = syscall(SYS_write, file, bytes, count);
        if (written <= 0) _exit(71);
        bytes = (const char *)bytes + written;
        count -= (size_t)written;
    }
}

// Appends what [offset, offset + count) holds now: offset, size of the file, bytes that follow, and these.
static void keep(int file, int kind, off_t offset, size_t count) {
    if (!control[power]) return;
    struct stat status;
    if (fstat(file, &status) != 0) _exit(71);
    char *record = malloc(3 * sizeof(int64_t) + count);
    if (!record) _exit(71);
    ssize_t held = count ? syscall(SYS_pread64, file, record + 3 * sizeof(int64_t), count, offset) : 0;
    if (held < 0) _exit(71);
    int64_t head[3] = {offset, status.st_size, held};
    memcpy(record, head, sizeof head);
    pthread_mutex_lock(&lock);
    all(undo[kind], record, sizeof head + (size_t)held);
    pthread_mutex_unlock(&lock);
    free(record);
}

static ssize_t put(int file, const void *bytes, size_t count, off_t offset) {
    int kind = which(file);
    if (!kind) return syscall(SYS_pwrite64, file, bytes, count, offset);
    add(kind == 1 ? database_writes : log_writes, 1);
    if ((control[kill_target] & kind) && control[kill_after] > 0 && add(kill_after, -1) == 0) {
        keep(file, kind, offset, count);
        if (count > 1) syscall(SYS_pwrite64, file, bytes, count / 2, offset);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (control[target] & kind) {
        if (control[write_error]) return fail(control[write_error]);
        if (count > 1 && takes(short_writes)) {
            add(injected, 1);
            count /= 2;
        }
    }
    keep(file, kind, offset, count);
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return put(file, bytes, count, offset); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) { return put(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
    if (!which(file)) return syscall(SYS_write, file, bytes, count);
    off_t offset = lseek(file, 0, SEEK_CUR);
    if (offset < 0) return -1;
    ssize_t written = put(file, bytes, count, offset);
    if (written > 0) lseek(file, offset + written, SEEK_SET);
    return written;
}

static int settle(int file, long call) {
    int kind = which(file);
    if (!kind) return (int)syscall(call, file);
    int64_t delay = control[sync_delay];
    if (delay > 0 && (control[target] & kind)) {
        add(syncs_waiting, 1);
        struct timespec span = {delay / 1000, delay % 1000 * 1000000};
        while (nanosleep(&span, &span) != 0) {}
        add(syncs_waiting, -1);
    }
    if ((control[target] & kind) && control[sync_failures] && takes(sync_failures)) return fail(control[sync_error]);
    int status = (int)syscall(call, file);
    add(syncs, 1);
    if (status == 0 && control[power] && !control[sync_lies]) {
        pthread_mutex_lock(&lock);
        if (syscall(SYS_ftruncate, undo[kind], 0L) != 0) _exit(71);
        pthread_mutex_unlock(&lock);
    }
    return status;
}

int fsync(int file) { return settle(file, SYS_fsync); }
int fdatasync(int file) { return settle(file, SYS_fdatasync); }

static int cut(int file, off_t length) {
    int kind = which(file);
    if (!kind) return (int)syscall(SYS_ftruncate, file, length);
    if ((control[target] & kind) && control[truncate_error]) return fail(control[truncate_error]);
    struct stat status;
    if (fstat(file, &status) != 0) return -1;
    keep(file, kind, length, status.st_size > length ? (size_t)(status.st_size - length) : 0);
    return (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate(int file, off_t length) { return cut(file, length); }
int ftruncate64(int file, off64_t length) { return cut(file, length); }
