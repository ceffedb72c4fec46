/* The peer that a broker's answer is measured against: libmicrohttpd alone, on its own threads, which reads a request
   and answers with fixed bytes. usage: echo RESPONSE_FILE THREADS; prints its port. */
#include "answer.h"

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **state) {
    (void)cls, (void)url, (void)method, (void)version, (void)data;
    static int seen;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*size != 0) {
        *size = 0;
        return MHD_YES;
    }
    return send_answer(connection);
}

int main(int argc, char **argv) {
    if (argc != 3) return fail("usage: echo RESPONSE_FILE THREADS");
    if (read_answer(argv[1]) != 0) return 1;
    return serve(&handle, atoi(argv[2]));
}
