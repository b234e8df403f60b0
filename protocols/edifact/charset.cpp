#include "protocols/edifact/charset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocols/mime/charset.h"

namespace sluis::edifact {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> sets{{{"UNOA", "us-ascii"},
                                                                              {"UNOB", "us-ascii"},
                                                                              {"UNOC", "iso-8859-1"},
                                                                              {"UNOD", "iso-8859-2"},
                                                                              {"UNOE", "iso-8859-5"},
                                                                              {"UNOF", "iso-8859-7"},
                                                                              {"UNOG", "iso-8859-3"},
                                                                              {"UNOH", "iso-8859-4"},
                                                                              {"UNOI", "iso-8859-6"},
                                                                              {"UNOJ", "iso-8859-8"},
                                                                              {"UNOK", "iso-8859-9"},
                                                                              {"UNOW", "utf-8"},
                                                                              {"UNOY", "utf-8"}}};

}  // namespace

std::string_view charset_of(std::string_view syntax_id) {
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const auto& set) { return set.first == syntax_id; });
  return found == sets.end() ? std::string_view{} : found->second;
}

Result<std::string> to_utf8(std::string_view syntax_id, std::string_view octets) {
  if (std::all_of(octets.begin(), octets.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }))
    return std::string(octets);
  if (auto text = mime::to_utf8(charset_of(syntax_id), octets)) return std::move(*text);
  return Error{"edifact.charset", "octets that are no text in the character set of " + std::string(syntax_id)};
}

}  // namespace sluis::edifact
