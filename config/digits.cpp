#include "config/digits.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace sluis::config {

namespace {

std::string one_of(char least, char most) {
  return least == most ? std::string(1, least) : fmt::format("[{}-{}]", least, most);
}

std::string any(std::size_t count) {
  return count == 0 ? "" : count == 1 ? "\\d" : fmt::format("\\d{{{}}}", count);
}

bool only(std::string_view text, char digit) {
  return text.find_first_not_of(digit) == std::string_view::npos;
}

// Both of one length. What differs first splits the range into what shares the lower digit, what lies between, and what
// shares the upper one.
void between(const std::string& prefix, std::string_view least, std::string_view most, std::vector<std::string>& out) {
  if (least.empty()) return out.push_back(prefix);
  const std::string_view least_rest = least.substr(1);
  const std::string_view most_rest = most.substr(1);
  if (least.front() == most.front() && !(only(least_rest, '0') && only(most_rest, '9')))
    return between(prefix + least.front(), least_rest, most_rest, out);
  char from = least.front();
  char to = most.front();
  if (!only(least_rest, '0')) between(prefix + from++, least_rest, std::string(least_rest.size(), '9'), out);
  const bool part_of_most = !only(most_rest, '9');
  if (part_of_most) --to;
  if (from <= to) out.push_back(prefix + one_of(from, to) + any(least_rest.size()));
  if (part_of_most) between(prefix + most.front(), std::string(most_rest.size(), '0'), most_rest, out);
}

}  // namespace

std::string digits_between(std::uint64_t least, std::uint64_t most) {
  if (least > most) return {};
  const std::string from = std::to_string(least);
  const std::string to = std::to_string(most);
  std::vector<std::string> out;
  // The lengths of which every number is meant.
  const std::size_t shortest = from.front() == '1' && only(from.substr(1), '0') ? from.size() : from.size() + 1;
  const std::size_t longest = only(to, '9') ? to.size() : to.size() - 1;
  if (from.size() == to.size()) {
    between({}, from, to, out);
  } else {
    if (from.size() < shortest) between({}, from, std::string(from.size(), '9'), out);
    if (shortest == longest)
      out.push_back("[1-9]" + any(shortest - 1));
    else if (shortest < longest)
      out.push_back(fmt::format("[1-9]\\d{{{},{}}}", shortest - 1, longest - 1));
    if (to.size() > longest) between({}, "1" + std::string(to.size() - 1, '0'), to, out);
  }
  return fmt::format("{}", fmt::join(out, "|"));
}

}  // namespace sluis::config
