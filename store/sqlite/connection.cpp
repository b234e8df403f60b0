#include "store/sqlite/connection.h"

#include <fmt/format.h>

#include <cstring>

namespace sluis::sqlite {

Connection::Connection(const std::string& file, Mode mode, const std::string& vfs) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  if (const int code = sqlite3_open_v2(file.c_str(), &db_, flags, vfs.empty() ? nullptr : vfs.c_str());
      code != SQLITE_OK) {
    Failure failure{code, fmt::format("cannot open {}: {}", file, sqlite3_errstr(code))};
    sqlite3_close(db_);
    db_ = nullptr;
    throw failure;
  }
  sqlite3_extended_result_codes(db_, 1);
  // The last connection to close would checkpoint and unlink the WAL, from whatever thread it lives on: only the writer
  // checkpoints, and only when it says so.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  try {
    execute("PRAGMA wal_autocheckpoint = 0");
    if (mode == Mode::write) {
      execute("PRAGMA journal_mode = WAL");
      execute("PRAGMA synchronous = FULL");
      execute("PRAGMA cache_size = -32768");
      execute("PRAGMA temp_store = MEMORY");
    } else {
      execute("PRAGMA query_only = 1");
      execute("PRAGMA cache_size = -4096");
    }
  } catch (const Failure&) {
    sqlite3_close(db_);
    throw;
  }
}

Connection::~Connection() {
  forget_statements();
  sqlite3_close(db_);
}

void Connection::execute(const char* sql) {
  if (const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code, sql);
}

void Connection::forget_statements() {
  for (auto& [sql, statements] : cache_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    statements.clear();  // the entry stays: a Query in flight gives its statement back to it
  }
}

void Connection::fail(int code, std::string_view doing) const {
  throw Failure{sqlite3_extended_errcode(db_) != SQLITE_OK ? sqlite3_extended_errcode(db_) : code,
                fmt::format("{} ({}), while: {}", sqlite3_errmsg(db_), sqlite3_errstr(code), doing)};
}

sqlite3_stmt* Connection::take(std::string_view sql, std::vector<sqlite3_stmt*>*& home) {
  auto at = cache_.find(sql);
  if (at == cache_.end()) at = cache_.emplace(std::string(sql), std::vector<sqlite3_stmt*>{}).first;
  home = &at->second;
  if (!home->empty()) {
    sqlite3_stmt* statement = home->back();
    home->pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  return statement;
}

Query::Query(Connection& connection, std::string_view sql)
    : connection_(connection), statement_(connection.take(sql, home_)) {}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  home_->push_back(statement_);
}

bool Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  connection_.fail(code, sqlite3_sql(statement_));
}

void Query::check(int code) {
  if (code != SQLITE_OK) connection_.fail(code, sqlite3_sql(statement_));
}

std::string_view Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return data == nullptr ? std::string_view{}
                         : std::string_view{static_cast<const char*>(data),
                                            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

MessageId Query::message(int column) const {
  MessageId id;
  const std::string_view from = bytes(column);
  if (from.size() == id.bytes.size()) std::memcpy(id.bytes.data(), from.data(), from.size());
  return id;
}

Sha256 Query::digest(int column) const {
  Sha256 out{};
  const std::string_view from = bytes(column);
  if (from.size() == out.size()) std::memcpy(out.data(), from.data(), from.size());
  return out;
}

// A null pointer would bind NULL, which is not the empty text.
void Query::bind(std::string_view value) {
  check(sqlite3_bind_text(statement_, ++bound_, value.empty() ? "" : value.data(), static_cast<int>(value.size()),
                          SQLITE_TRANSIENT));
}

void Query::bind(Blob value) {
  check(sqlite3_bind_blob(statement_, ++bound_, value.bytes.empty() ? "" : value.bytes.data(),
                          static_cast<int>(value.bytes.size()), SQLITE_TRANSIENT));
}

}  // namespace sluis::sqlite
