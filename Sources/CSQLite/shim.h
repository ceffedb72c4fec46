// SQLite 3: the embedded store.
#ifndef MAYFLY_CSQLite_SHIM_H
#define MAYFLY_CSQLite_SHIM_H

#include <sqlite3.h>

#endif
