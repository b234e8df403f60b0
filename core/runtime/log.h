// The structured log: an event name, a level, fields. Text for a terminal, JSON lines otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/secret.h"

namespace sluis {

enum class LogLevel { debug, info, warning, error };
SLUIS_CORE_API std::string_view to_string(LogLevel level);

// A field's name uses the words of DESIGN §1: message, delivery, channel, customer, route, attempt, incident, …
struct LogField {
  std::string_view name;
  std::variant<std::string, std::int64_t, bool> value;

  LogField(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(v) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  template <class I>
    requires std::is_integral_v<I>
  LogField(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
  LogField(std::string_view, const Secret&) = delete;   // a secret does not compile into a log
};
using LogFields = std::vector<LogField>;

struct LogRecord {
  WallTime at;
  LogLevel level = LogLevel::info;
  std::string_view event;     // "delivery.delivered": dotted, stable, grep-able
  std::string_view sentence;  // for people
  const LogFields& bound;     // fields bound with with(): channel, customer
  const LogFields& fields;
};

// Where records go. [Threading] write() is called under the log's lock, one record at a time.
class SLUIS_CORE_API LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogRecord& record) = 0;
};

// One line a record to a file descriptor. Control characters of outside input are escaped in both forms: a peer must not
// be able to forge a log line.
SLUIS_CORE_API std::unique_ptr<LogSink> text_log_sink(int fd, bool colour);
SLUIS_CORE_API std::unique_ptr<LogSink> json_log_sink(int fd);
SLUIS_CORE_API std::unique_ptr<LogSink> function_log_sink(std::function<void(const LogRecord&)> f);   // tests
SLUIS_CORE_API std::string json_line(const LogRecord& record);   // without the newline

// [Threading] any thread. Cheap to copy; copies share the sink and the level.
class SLUIS_CORE_API Log {
 public:
  Log();   // drops everything
  Log(const Clock& clock, std::unique_ptr<LogSink> sink, LogLevel least = LogLevel::info);

  void write(LogLevel level, std::string_view event, std::string_view sentence, const LogFields& fields = {}) const;
  void debug(std::string_view event, std::string_view sentence, const LogFields& f = {}) const { write(LogLevel::debug, event, sentence, f); }
  void info(std::string_view event, std::string_view sentence, const LogFields& f = {}) const { write(LogLevel::info, event, sentence, f); }
  void warning(std::string_view event, std::string_view sentence, const LogFields& f = {}) const { write(LogLevel::warning, event, sentence, f); }
  void error(std::string_view event, std::string_view sentence, const LogFields& f = {}) const { write(LogLevel::error, event, sentence, f); }

  // The same log with one more field on every record.
  [[nodiscard]] Log with(LogField field) const;
  void set_least(LogLevel least) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;   // shared: every channel and component writes to the one sink
  LogFields bound_;
};

}  // namespace sluis
