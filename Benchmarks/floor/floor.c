/* The least that a durable answer can cost on the libraries that the broker is built on: libmicrohttpd receives the
   request and is suspended, OpenSSL verifies and signs once each if asked to, one thread writes what 32 requests leave
   behind in one SQLite transaction, synced, and resumes them. Nothing is parsed, looked up, decided or hashed.
   usage: floor ANSWER_FILE THREADS DIRECTORY ENTRY_BYTES VERIFY_BYTES SIGN_BYTES [CERTIFICATE KEY]; prints its port.
   0 bytes mean no such signature. With a certificate it speaks TLS. The answer is sent as in echo.c. */
#include "../echo/answer.h"
#include <microhttpd.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <time.h>

/* As the broker's writer: a commit that has company waits for more, up to so many and so long. */
#define ENOUGH 32
#define WINDOW_NANOSECONDS 2000000L
#define MAXIMUM_WAITING 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct MHD_Connection *waiting[MAXIMUM_WAITING];
static int waiting_count;

static EVP_PKEY *key;
static unsigned char message[65536], signature[128];
static size_t verify_bytes, sign_bytes, entry_bytes, signature_length;

static int sign(unsigned char *output, size_t *length, size_t size) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestSign(context, output, length, message, size) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

static int verify(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, signature_length, message, verify_bytes) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **state) {
    (void)cls, (void)url, (void)method, (void)version, (void)data;
    static int seen, parked;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*size != 0) {
        *size = 0;
        return MHD_YES;
    }
    if (*state == &parked) return send_answer(connection);
    *state = &parked;
    unsigned char made[128];
    size_t length = sizeof made;
    if (verify_bytes > 0 && !verify()) return MHD_NO;
    if (sign_bytes > 0 && !sign(made, &length, sign_bytes)) return MHD_NO;
    MHD_suspend_connection(connection);
    pthread_mutex_lock(&lock);
    int has_room = waiting_count < MAXIMUM_WAITING;
    if (has_room) {
        waiting[waiting_count] = connection;
        waiting_count += 1;
        if (waiting_count == 1 || waiting_count == ENOUGH) pthread_cond_signal(&arrived);
    }
    pthread_mutex_unlock(&lock);
    if (!has_room) MHD_resume_connection(connection);
    return MHD_YES;
}

static void *write_entries(void *path) {
    sqlite3 *database;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS entry (bytes BLOB)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "INSERT INTO entry VALUES (?)", -1, &insert, NULL) != SQLITE_OK) {
        fail(sqlite3_errmsg(database));
        exit(1);
    }
    static struct MHD_Connection *batch[MAXIMUM_WAITING];
    for (;;) {
        pthread_mutex_lock(&lock);
        while (waiting_count == 0) pthread_cond_wait(&arrived, &lock);
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_nsec += WINDOW_NANOSECONDS;
        if (end.tv_nsec >= 1000000000L) end.tv_nsec -= 1000000000L, end.tv_sec += 1;
        while (waiting_count < ENOUGH && pthread_cond_timedwait(&arrived, &lock, &end) == 0) {}
        int count = waiting_count;
        memcpy(batch, waiting, sizeof batch[0] * (size_t)count);
        waiting_count = 0;
        pthread_mutex_unlock(&lock);
        int size = (int)((size_t)count * entry_bytes);
        if (sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_bind_zeroblob(insert, 1, size) != SQLITE_OK || sqlite3_step(insert) != SQLITE_DONE ||
            sqlite3_reset(insert) != SQLITE_OK || sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            fail(sqlite3_errmsg(database));
            exit(1);
        }
        for (int i = 0; i < count; i += 1) MHD_resume_connection(batch[i]);
    }
    return NULL;
}

static int read_pem(const char *path, char *text) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return fail("cannot read a certificate or key");
    text[fread(text, 1, MAXIMUM_ANSWER, file)] = '\0';
    fclose(file);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 7 && argc != 9)
        return fail("usage: floor ANSWER_FILE THREADS DIRECTORY ENTRY_BYTES VERIFY_BYTES SIGN_BYTES [CERTIFICATE KEY]");
    if (read_answer(argv[1]) != 0) return 1;
    if (argc == 9 && (read_pem(argv[7], tls_certificate) != 0 || read_pem(argv[8], tls_key) != 0)) return 1;
    entry_bytes = (size_t)atol(argv[4]), verify_bytes = (size_t)atol(argv[5]), sign_bytes = (size_t)atol(argv[6]);
    if (entry_bytes > 65536 || verify_bytes > sizeof message || sign_bytes > sizeof message)
        return fail("a size is at most 65536");
    key = EVP_EC_gen("P-256");
    signature_length = sizeof signature;
    if (key == NULL || !sign(signature, &signature_length, verify_bytes)) return fail("no key");
    static char path[4096];
    snprintf(path, sizeof path, "%s/floor.db", argv[3]);
    pthread_t writer;
    if (pthread_create(&writer, NULL, write_entries, path) != 0) return fail("no thread");
    return serve(&handle, atoi(argv[2]));
}
