// The arguments of a measuring program: `--name value`, each given at most once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sluis::bench {

// [Threading] a value. [Errors] a program of bench/ has one caller, bench/run: what it cannot read ends it with a
// sentence on standard error and status 2.
class Arguments {
 public:
  // The first word that is no option is the mode: `bench-store bare --folder F`.
  Arguments(int count, char** words);

  [[nodiscard]] const std::string& mode() const { return mode_; }
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] std::uint64_t number(std::string_view name) const;
  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;

 private:
  std::string mode_;
  std::map<std::string, std::string, std::less<>> values_;
};

// Says why on standard error and ends the program.
[[noreturn]] void give_up(std::string_view why);

}  // namespace sluis::bench
