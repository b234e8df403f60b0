// What a machine asked of its owner, in a form that does not depend on how octets were cut.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluis::smtp::test {

struct Trace {
  std::vector<std::pair<std::string, std::string>> steps;

  void add(std::string_view kind, std::string_view text = "") {
    if (!steps.empty() && steps.back().first == kind && (kind == "send" || kind == "data"))
      steps.back().second += text;
    else
      steps.emplace_back(kind, text);
  }
  bool operator==(const Trace&) const = default;
};

}  // namespace sluis::smtp::test
