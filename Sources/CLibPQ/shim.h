// libpq: the PostgreSQL client library.
#ifndef MAYFLY_CLibPQ_SHIM_H
#define MAYFLY_CLibPQ_SHIM_H

#include <libpq-fe.h>
#include <stdint.h>

// Constants of the protocol, which stand in no header of the client library: object identifiers of types.
enum { MAYFLY_PQ_BYTEA = 17, MAYFLY_PQ_INT8 = 20 };

// PG_DIAG_SQLSTATE is a character literal. Null when the server said nothing, as when the connection was lost.
static inline const char *mayfly_pq_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline void mayfly_pq_drop_notice(void *argument, const PGresult *notice) {
    (void)argument;
    (void)notice;
}

// Left to itself, libpq prints what the server remarks to standard error.
static inline void mayfly_pq_silence(PGconn *connection) {
    PQsetNoticeReceiver(connection, mayfly_pq_drop_notice, (void *)0);
}

#endif
