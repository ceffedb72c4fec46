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

// Calls back after each commit in write-ahead mode, in place of SQLite's own checkpoints.
static inline int mayfly_sqlite_note_log(void *pages, sqlite3 *connection, const char *database, int count) {
    (void)connection;
    (void)database;
    *(int32_t *)pages = count;
    return SQLITE_OK;
}

// Keeps the length of the write-ahead log in `pages`, which must outlive the last commit. SQLite then folds nothing into
// the file by itself.
static inline void mayfly_sqlite_count_log(sqlite3 *connection, int32_t *pages) {
    sqlite3_wal_hook(connection, mayfly_sqlite_note_log, pages);
}

// Folds nothing into the file when the connection closes.
static inline void mayfly_sqlite_keep_log(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// Copies what it can from the write-ahead log to the file without waiting for anyone.
static inline int mayfly_sqlite_checkpoint(sqlite3 *connection) {
    return sqlite3_wal_checkpoint_v2(connection, (const char *)0, SQLITE_CHECKPOINT_PASSIVE, (int *)0, (int *)0);
}

// Waits until the file itself, without its log, is on disk.
static inline int mayfly_sqlite_sync(sqlite3 *connection) {
    sqlite3_file *file = (sqlite3_file *)0;
    int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (file == (sqlite3_file *)0 || file->pMethods == (const sqlite3_io_methods *)0) return SQLITE_IOERR;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

#endif
