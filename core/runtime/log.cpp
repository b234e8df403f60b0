#include "core/runtime/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace sluis {

namespace {

// JSON string escaping (RFC 8259 §7); octets that are not UTF-8 are written as U+FFFD so that the line stays JSON.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
      ++i;
    } else if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", c);
      ++i;
    } else if (c < 0x80) {
      out += static_cast<char>(c);
      ++i;
    } else {
      const std::size_t length = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0;
      bool good = length != 0 && c < 0xF5 && i + length <= text.size();
      for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
      if (good) {
        out.append(text.substr(i, length));
        i += length;
      } else {
        out += "\\ufffd";
        ++i;
      }
    }
  }
  out += '"';
}

// Text form: quoted when it has a space, escaped when it has anything unprintable.
void append_text_value(std::string& out, std::string_view text) {
  bool plain = !text.empty();
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == 0x7F) plain = false;
  if (plain) out += text;
  else append_json_string(out, text);
}

void write_all(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(fd, line.data(), line.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;   // a log that cannot be written must not stop the gateway
    line.remove_prefix(static_cast<std::size_t>(n));
  }
}

class TextSink final : public LogSink {
 public:
  TextSink(int fd, bool colour) : fd_(fd), colour_(colour) {}
  void write(const LogRecord& record) override {
    static constexpr std::string_view tints[] = {"\x1b[2m", "", "\x1b[33m", "\x1b[31m"};
    const std::string_view tint = colour_ ? tints[static_cast<int>(record.level)] : "";
    std::string line = fmt::format("{} {}{:7}{} {} ", to_rfc3339(record.at), tint, to_string(record.level),
                                   tint.empty() ? "" : "\x1b[0m", record.event);
    for (const char c : record.sentence) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    for (const LogFields* fields : {&record.bound, &record.fields})
      for (const LogField& field : *fields) {
        line += fmt::format(" {}=", field.name);
        if (const auto* s = std::get_if<std::string>(&field.value)) append_text_value(line, *s);
        else if (const auto* i = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*i);
        else line += std::get<bool>(field.value) ? "true" : "false";
      }
    line += '\n';
    write_all(fd_, line);
  }

 private:
  int fd_;
  bool colour_;
};

class JsonSink final : public LogSink {
 public:
  explicit JsonSink(int fd) : fd_(fd) {}
  void write(const LogRecord& record) override { write_all(fd_, json_line(record) + "\n"); }

 private:
  int fd_;
};

class FunctionSink final : public LogSink {
 public:
  explicit FunctionSink(std::function<void(const LogRecord&)> f) : f_(std::move(f)) {}
  void write(const LogRecord& record) override { f_(record); }

 private:
  std::function<void(const LogRecord&)> f_;
};

}  // namespace

std::string_view to_string(LogLevel level) {
  static constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<int>(level)];
}

std::string json_line(const LogRecord& record) {
  std::string line = fmt::format(R"({{"at":"{}","level":"{}","event":)", to_rfc3339(record.at), to_string(record.level));
  append_json_string(line, record.event);
  line += ",\"text\":";
  append_json_string(line, record.sentence);
  for (const LogFields* fields : {&record.bound, &record.fields})
    for (const LogField& field : *fields) {
      line += ',';
      append_json_string(line, field.name);
      line += ':';
      if (const auto* s = std::get_if<std::string>(&field.value)) append_json_string(line, *s);
      else if (const auto* i = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*i);
      else line += std::get<bool>(field.value) ? "true" : "false";
    }
  line += '}';
  return line;
}

std::unique_ptr<LogSink> text_log_sink(int fd, bool colour) { return std::make_unique<TextSink>(fd, colour); }
std::unique_ptr<LogSink> json_log_sink(int fd) { return std::make_unique<JsonSink>(fd); }
std::unique_ptr<LogSink> function_log_sink(std::function<void(const LogRecord&)> f) {
  return std::make_unique<FunctionSink>(std::move(f));
}

struct Log::Shared {
  const Clock* clock = nullptr;
  std::unique_ptr<LogSink> sink;
  std::atomic<LogLevel> least{LogLevel::info};
  std::mutex mutex;
};

Log::Log() : shared_(std::make_shared<Shared>()) {}

Log::Log(const Clock& clock, std::unique_ptr<LogSink> sink, LogLevel least) : shared_(std::make_shared<Shared>()) {
  shared_->clock = &clock;
  shared_->sink = std::move(sink);
  shared_->least = least;
}

void Log::write(LogLevel level, std::string_view event, std::string_view sentence, const LogFields& fields) const {
  if (shared_->sink == nullptr || level < shared_->least.load(std::memory_order_relaxed)) return;
  const LogRecord record{shared_->clock->wall(), level, event, sentence, bound_, fields};
  const std::lock_guard lock(shared_->mutex);
  shared_->sink->write(record);
}

Log Log::with(LogField field) const {
  Log copy = *this;
  copy.bound_.push_back(std::move(field));
  return copy;
}

void Log::set_least(LogLevel least) const { shared_->least = least; }

}  // namespace sluis
