#include "bench/store/statements.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <functional>
#include <optional>

#include "bench/harness/arguments.h"
#include "bench/store/open_store.h"
#include "bench/store/workload.h"

namespace sluis::bench {

namespace {

// Delivery numbers begin here, so that no other integer of a row is mistaken for one.
constexpr std::int64_t first_delivery = 7'700'000'000;

// Where the trace of every connection of the process goes; the interface of SQLite leaves no other place.
std::function<void(sqlite3_stmt*)>* listening = nullptr;

int on_trace(unsigned kind, void* db, void* statement, void*) {
  if (kind == SQLITE_TRACE_PROFILE && listening != nullptr && *listening &&
      sqlite3_changes(static_cast<sqlite3*>(db)) > 0)
    (*listening)(static_cast<sqlite3_stmt*>(statement));
  return 0;
}

int trace_connection(sqlite3* db, char**, const sqlite3_api_routines*) {
  return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &on_trace, db);
}

// The literal at the head of `text`, taken off it: how sqlite3_expanded_sql() writes a bound value.
Parameter take_literal(std::string_view& text) {
  Parameter parameter;
  if (text.starts_with("NULL")) {
    text.remove_prefix(4);
  } else if (text.starts_with("x'")) {
    const std::size_t end = text.find('\'', 2);
    std::string bytes;
    for (std::size_t i = 2; i + 1 < end; i += 2) {
      unsigned byte = 0;
      std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
      bytes += static_cast<char>(byte);
    }
    parameter.blob = true;
    parameter.value = std::move(bytes);
    text.remove_prefix(end + 1);
  } else if (text.starts_with('\'')) {
    std::string read;
    std::size_t i = 1;
    for (; text[i] != '\'' || (i + 1 < text.size() && text[i + 1] == '\''); ++i) {
      if (text[i] == '\'') ++i;
      read += text[i];
    }
    parameter.value = std::move(read);
    text.remove_prefix(i + 1);
  } else {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) give_up(fmt::format("a bound value is not understood: {:.40}", text));
    parameter.value = number;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return parameter;
}

Statement read_statement(sqlite3_stmt* prepared) {
  Statement statement;
  statement.sql = sqlite3_sql(prepared);
  char* text = sqlite3_expanded_sql(prepared);
  std::string_view expanded = text;
  std::string_view sql = statement.sql;
  for (std::size_t mark = sql.find('?'); mark != std::string_view::npos; mark = sql.find('?')) {
    expanded.remove_prefix(mark);
    sql.remove_prefix(mark + 1);
    statement.parameters.push_back(take_literal(expanded));
  }
  sqlite3_free(text);
  return statement;
}

void say_what_stands(Statement& statement, const MessageId& message, std::uint64_t number, std::int64_t at) {
  const std::string id(reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size());
  const std::string own = Workload::digits(number);
  const bool keys = statement.sql.starts_with("INSERT INTO dedupe_") || statement.sql.starts_with("INSERT INTO refs_");
  for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
    Parameter& parameter = statement.parameters[i];
    if (const auto* integer = std::get_if<std::int64_t>(&parameter.value)) {
      constexpr std::int64_t sixty_days = 60LL * 86'400 * 1'000'000;
      if (keys && i == 0)
        parameter.stands = Stands::hash;
      else if (*integer >= at && *integer < at + sixty_days)
        parameter.stands = Stands::time;
      else if (*integer > first_delivery && *integer < 2 * first_delivery)
        parameter.stands = Stands::delivery;
    } else if (const auto* bytes = std::get_if<std::string>(&parameter.value)) {
      if (*bytes == id)
        parameter.stands = Stands::message;
      else if (!parameter.blob && bytes->find(own) != std::string::npos)
        parameter.stands = Stands::numbered_text;
    }
  }
}

// The words between the first two of `from` and `to`, separated by commas, without what stands behind a blank.
std::vector<std::string> names_between(std::string_view sql, std::string_view from, std::string_view to) {
  const std::size_t begin = sql.find(from) + from.size();
  std::string_view list = sql.substr(begin, sql.find(to, begin) - begin);
  std::vector<std::string> names;
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    names.emplace_back(one.substr(0, one.find(' ')));
  }
  return names;
}

// The UPDATE of a delivery that this command inserted: its values go into the INSERT. False: it is another's.
bool fold(std::vector<Statement>& command, const Statement& update) {
  if (!update.sql.starts_with("UPDATE deliveries SET ")) return false;
  for (Statement& insert : command) {
    if (!insert.sql.starts_with("INSERT INTO deliveries(")) continue;
    const auto columns = names_between(insert.sql, "(", ")");
    const auto changed = names_between(update.sql, "SET ", " WHERE");
    for (std::size_t i = 0; i < changed.size(); ++i)
      for (std::size_t k = 0; k < columns.size(); ++k)
        if (columns[k] == changed[i]) insert.parameters.at(k) = update.parameters.at(i);
    return true;
  }
  return false;
}

void number_deliveries_from(const std::string& file) {
  sqlite3* db = nullptr;
  const std::string sql = fmt::format(
      "UPDATE sqlite_sequence SET seq = max(seq, {0}) WHERE name = 'deliveries';"
      "INSERT INTO sqlite_sequence(name, seq) SELECT 'deliveries', {0} WHERE NOT EXISTS "
      "(SELECT 1 FROM sqlite_sequence WHERE name = 'deliveries');",
      first_delivery);
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK ||
      sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    give_up(fmt::format("{}: {}", file, sqlite3_errmsg(db)));
  sqlite3_close(db);
}

}  // namespace

Recording record_statements(const std::string& folder, std::size_t body_octets) {
  open_store(folder, sqlite::Options::Threading::manual)->close();
  number_deliveries_from(folder + "/sluis.db");

  std::vector<Statement>* into = nullptr;
  std::function<void(sqlite3_stmt*)> take = [&into](sqlite3_stmt* prepared) {
    const std::string_view sql = sqlite3_sql(prepared);
    if (into == nullptr || !(sql.starts_with("INSERT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE")))
      return;
    Statement statement = read_statement(prepared);
    if (!fold(*into, statement)) into->push_back(std::move(statement));
  };
  listening = &take;
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(&trace_connection));

  const auto store = open_store(folder, sqlite::Options::Threading::manual);
  const SystemClock system;
  const ManualClock clock{system.wall()};
  Workload workload(clock, body_octets);
  Recording recording;
  recording.at = sqlite::microseconds(clock.wall());
  // Another one each time, for the store knows the numbers of earlier recordings in this folder.
  recording.number = 5'000'000'000 + static_cast<std::uint64_t>(recording.at / 1000) % 4'000'000'000;
  const auto run = [&store](Command command) {
    std::optional<CommandResult> got;
    store->submit(std::move(command), [&got](CommandResult result) { got = std::move(result); });
    while (!got && store->pump() > 0) {}
    if (!got || !got->ok()) give_up("the store refused the message that was to be recorded");
    return std::move(*got).value();
  };
  const auto deliver = [&](std::uint64_t number, bool record) {
    const auto place = [&](std::vector<Statement>& command) { into = record ? &command : nullptr; };
    Accept accept = workload.accept(number);
    const MessageId message = accept.message.id;
    place(recording.accept);
    const DeliveryId delivery = std::get<AcceptDone>(run(std::move(accept))).deliveries.at(0);
    place(recording.begin);
    const int attempt = std::get<Begun>(run(workload.begin(delivery))).attempt;
    place(recording.finish);
    run(workload.finish(delivery, attempt, number));
    into = nullptr;
    for (auto* command : {&recording.accept, &recording.begin, &recording.finish})
      for (Statement& statement : *command)
        if (record) say_what_stands(statement, message, number, recording.at);
  };
  deliver(recording.number - 1, false);  // makes the tables of the period
  deliver(recording.number, true);
  store->close();
  sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&trace_connection));
  listening = nullptr;
  return recording;
}

}  // namespace sluis::bench
