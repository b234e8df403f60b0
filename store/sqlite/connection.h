// One SQLite connection and its cached statements: thin RAII over the C API.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/digest.h"
#include "core/runtime/ids.h"

namespace sluis::sqlite {

// SQLite or the disk failed. Thrown by Query and Connection and caught in two places only: where a batch runs (writer)
// and where a Reader's call ends; it never leaves the engine. A refused command is not a Failure but an Error value.
struct Failure {
  int code = SQLITE_ERROR;  // extended result code
  std::string what;
};

struct Blob {
  std::string_view bytes;
};

inline std::int64_t microseconds(WallTime t) {
  return t.time_since_epoch().count();
}
inline WallTime wall_time(std::int64_t us) {
  return WallTime{Duration{us}};
}

// [Threading] one thread at a time (SQLITE_OPEN_NOMUTEX). [Ownership] statements die with it.
class Connection {
 public:
  enum class Mode { write, read };
  // Throws Failure. A reader never checkpoints and never writes; neither kind checkpoints when it is closed.
  Connection(const std::string& file, Mode mode, const std::string& vfs);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);
  [[nodiscard]] sqlite3* raw() const { return db_; }
  [[nodiscard]] std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(db_); }
  [[nodiscard]] int changes() const { return sqlite3_changes(db_); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  // Statements of a table that is dropped go with it.
  void forget_statements();
  [[noreturn]] void fail(int code, std::string_view doing) const;

 private:
  friend class Query;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  sqlite3_stmt* take(std::string_view sql, std::vector<sqlite3_stmt*>*& home);

  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>, TextHash, std::equal_to<>> cache_;
};

// One run of a statement. The statement goes back to the cache, reset, when the Query goes; the same text may be in use
// several times at once.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Binds parameters in order; every value is copied.
  template <class... Values>
  Query& with(const Values&... values) {
    (bind(values), ...);
    return *this;
  }
  // The next parameter bound is number `parameter` + 1; for statements with numbered parameters that may be missing.
  void skip_to(int parameter) { bound_ = parameter; }
  // True: a row is there.
  bool next();
  // For statements without rows.
  void run() {
    while (next()) {}
  }

  [[nodiscard]] bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string_view bytes(int column) const;  // text or blob; valid until the next row
  [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
  [[nodiscard]] WallTime time(int column) const { return wall_time(number(column)); }
  [[nodiscard]] MessageId message(int column) const;
  [[nodiscard]] Sha256 digest(int column) const;
  [[nodiscard]] std::optional<DeliveryId> delivery(int column) const {
    if (null(column)) return std::nullopt;
    return DeliveryId{number(column)};
  }

 private:
  void check(int code);
  template <std::integral I>
  void bind(I value) {
    check(sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(value)));
  }
  void bind(std::string_view value);
  void bind(const std::string& value) { bind(std::string_view{value}); }
  void bind(const char* value) { bind(std::string_view{value}); }
  void bind(Blob value);
  void bind(WallTime value) { bind(microseconds(value)); }
  void bind(DeliveryId value) { bind(sluis::number(value)); }
  void bind(const MessageId& value) {
    bind(Blob{{reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()}});
  }
  void bind(const Sha256& value) { bind(Blob{{reinterpret_cast<const char*>(value.data()), value.size()}}); }
  void bind(std::nullopt_t) { check(sqlite3_bind_null(statement_, ++bound_)); }
  template <class T>
  void bind(const std::optional<T>& value) {
    if (value)
      bind(*value);
    else
      bind(std::nullopt);
  }

  Connection& connection_;
  std::vector<sqlite3_stmt*>* home_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

inline std::string_view octets(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
inline std::string_view octets(const MessageId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace sluis::sqlite
