// SQLite 3: the embedded store.
#ifndef MAYFLY_CSQLite_SHIM_H
#define MAYFLY_CSQLite_SHIM_H

#include <sqlite3.h>
#include <stdint.h>

// SQLITE_TRANSIENT is a cast that Swift cannot import: SQLite copies the bytes before these calls return.
// A null pointer would bind NULL, so an empty value gets a pointer of its own.

static inline int mayfly_sqlite_bind_text(sqlite3_stmt *statement, int index, const uint8_t *bytes, uint64_t count) {
    return sqlite3_bind_text64(
        statement, index, count == 0 ? "" : (const char *)bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int mayfly_sqlite_bind_blob(sqlite3_stmt *statement, int index, const uint8_t *bytes, uint64_t count) {
    return sqlite3_bind_blob64(statement, index, count == 0 ? (const void *)"" : bytes, count, SQLITE_TRANSIENT);
}

// Mayfly's schema has neither triggers nor views: one that was planted in the file does not run.
static inline int mayfly_sqlite_harden(sqlite3 *connection) {
    int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    if (code == SQLITE_OK) code = sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
    if (code == SQLITE_OK) code = sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)0);
    if (code == SQLITE_OK) code = sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
    return code;
}

#endif
