// A long test's seconds from tests/budgets, by the profile that tests/run exports (SLUIS_PROFILE: ci or long).
#pragma once

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace sluis::tests {

inline bool long_profile() {
  const char* profile = std::getenv("SLUIS_PROFILE");   // NOLINT(concurrency-mt-unsafe): read before threads start
  return profile != nullptr && std::string(profile) == "long";
}

// Throws when the row is missing: a test without a budget is a mistake, not a default.
inline std::chrono::seconds budget(const std::string& name) {
  std::ifstream file(SLUIS_BUDGETS);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string row;
    int ci = 0, longer = 0;
    if (words >> row >> ci >> longer && row == name) return std::chrono::seconds{long_profile() ? longer : ci};
  }
  throw std::runtime_error("tests/budgets has no row \"" + name + "\"");
}

}  // namespace sluis::tests
