// The statements with which the store writes one message, recorded from the store itself, so that the bare program
// writes the same rows whatever the store's tables are today.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluis::bench {

// What stands in a parameter's place when the statement is run for another message.
enum class Stands { fixed, message, delivery, hash, time, numbered_text };

struct Parameter {
  Stands stands = Stands::fixed;
  bool blob = false;                                              // of a std::string
  std::variant<std::monostate, std::int64_t, std::string> value;  // as recorded
};

struct Statement {
  std::string sql;
  std::vector<Parameter> parameters;
};

struct Recording {
  std::vector<Statement> accept, begin, finish;
  std::int64_t at = 0;       // the wall clock of the recorded message, microseconds
  std::uint64_t number = 0;  // its number in the workload
};

// Opens a store in `folder`, has one message accepted and delivered, and closes it. What changed no row is left out,
// and a row that is changed again by the very command that made it is written as it ended: what is left is what any
// program must write to have these rows. [Threading] one; nothing else in the process may open a database meanwhile.
[[nodiscard]] Recording record_statements(const std::string& folder, std::size_t body_octets);

}  // namespace sluis::bench
