#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "tests/faults/tcp_proxy.h"

namespace sluis::faults {

namespace {

Error unknown(const std::string& words) {
  return {"fault.unknown", fmt::format("\"{}\" is no fault; see tests/faults/tcp_proxy.h", words)};
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status add(NetworkFault& fault, const std::string& words) {
  std::istringstream stream(words);
  std::string name, first, second, more;
  stream >> name >> first >> second >> more;
  if (!more.empty()) return unknown(words);
  if (second.empty() && first.empty()) {
    bool NetworkFault::*flag = name == "refuse"          ? &NetworkFault::refuse
                               : name == "close-at-once" ? &NetworkFault::close_at_once
                               : name == "never-read"    ? &NetworkFault::never_read
                               : name == "no-reply"      ? &NetworkFault::no_reply
                               : name == "slice"         ? &NetworkFault::slice
                                                         : nullptr;
    if (flag != nullptr) fault.*flag = true;
    if (flag == nullptr && name != "pass") return unknown(words);
    return {};
  }
  if (second.empty()) {
    const auto value = number(first);
    if (!value) return unknown(words);
    if (name == "delay")
      fault.delay = std::chrono::milliseconds{*value};
    else if (name == "rate" && *value > 0)
      fault.octets_per_second = *value;
    else
      return unknown(words);
    return {};
  }
  const auto octet = number(second);
  if (!octet || (first != "to-server" && first != "to-client")) return unknown(words);
  const NetworkFault::At at{first == "to-server" ? Direction::to_server : Direction::to_client, *octet};
  if (name == "corrupt-at") {
    fault.corrupt_at = at;
  } else if (name == "close-at" || name == "reset-at") {
    fault.close_at = at;
    fault.reset = name == "reset-at";
  } else {
    return unknown(words);
  }
  return {};
}

}  // namespace

Result<NetworkFault> NetworkFault::parse(std::string_view words) {
  NetworkFault fault;
  while (true) {
    const std::size_t comma = words.find(',');
    if (auto added = add(fault, std::string(words.substr(0, comma))); !added.ok()) return added.error();
    if (comma == std::string_view::npos) return fault;
    words.remove_prefix(comma + 1);
  }
}

}  // namespace sluis::faults
