/* The peer of a signed answer: OpenSSL alone, ES256, one verification and one signature, with the key parsed once.
   usage: evp VERIFY_BYTES SIGN_BYTES COUNT; prints the CPU microseconds of one verification and of one signature. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int sign(EVP_PKEY *key, const unsigned char *message, size_t size, unsigned char *signature, size_t *length) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestSign(context, signature, length, message, size) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

static int verify(EVP_PKEY *key, const unsigned char *message, size_t size, const unsigned char *signature,
                  size_t length) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, length, message, size) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static int fail(const char *what) {
    fprintf(stderr, "evp: %s\n", what);
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 4) return fail("usage: evp VERIFY_BYTES SIGN_BYTES COUNT");
    long verified_bytes = atol(argv[1]), signed_bytes = atol(argv[2]), count = atol(argv[3]);
    if (verified_bytes < 1 || verified_bytes > 65536 || signed_bytes < 1 || signed_bytes > 65536 || count < 1)
        return fail("a size is 1 to 65536, the count at least 1");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *message = malloc(65536), verified[128], made[128];
    if (key == NULL || message == NULL) return fail("no key");
    memset(message, 'm', 65536);
    size_t verified_length = sizeof verified;
    if (!sign(key, message, (size_t)verified_bytes, verified, &verified_length)) return fail("cannot sign");

    double start = cpu_microseconds();
    for (long i = 0; i < count; i += 1)
        if (!verify(key, message, (size_t)verified_bytes, verified, verified_length)) return fail("bad signature");
    double middle = cpu_microseconds();
    for (long i = 0; i < count; i += 1) {
        size_t length = sizeof made;
        if (!sign(key, message, (size_t)signed_bytes, made, &length)) return fail("cannot sign");
    }
    double end = cpu_microseconds();
    printf("%.3f %.3f\n", (middle - start) / (double)count, (end - middle) / (double)count);
    free(message);
    EVP_PKEY_free(key);
    return 0;
}
