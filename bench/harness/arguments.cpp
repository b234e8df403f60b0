#include "bench/harness/arguments.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace sluis::bench {

void give_up(std::string_view why) {
  fmt::print(stderr, "bench: {}\n", why);
  std::exit(2);
}

Arguments::Arguments(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) {
      if (!mode_.empty()) give_up(fmt::format("\"{}\" is not understood", word));
      mode_ = word;
      continue;
    }
    if (i + 1 == count) give_up(fmt::format("{} needs a value", word));
    if (!values_.emplace(word.substr(2), words[++i]).second) give_up(fmt::format("{} is given twice", word));
  }
}

std::string Arguments::text(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) give_up(fmt::format("--{} is missing", name));
  return at->second;
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string(otherwise) : at->second;
}

std::uint64_t Arguments::number(std::string_view name) const {
  const std::string digits = text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    give_up(fmt::format("--{} {} is no number", name, digits));
  return value;
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  return values_.find(name) == values_.end() ? otherwise : number(name);
}

}  // namespace sluis::bench
