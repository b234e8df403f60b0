#include "adapters/directory/file_name.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluis::directory {

namespace {

constexpr std::size_t longest = 150;

std::string_view extension_for(std::string_view media_type) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> known{{
      {"application/edifact", ".edi"}, {"application/xml", ".xml"}, {"text/xml", ".xml"}, {"application/json", ".json"},
      {"application/pdf", ".pdf"}, {"text/plain", ".txt"}, {"message/rfc822", ".eml"}}};
  std::string lower(media_type.substr(0, media_type.find(';')));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c); });
  for (const auto& [type, extension] : known)
    if (lower == type) return extension;
  return ".bin";
}

}  // namespace

std::string plain_file_name(std::string_view from_outside) {
  const auto slash = from_outside.find_last_of("/\\");
  if (slash != std::string_view::npos) from_outside.remove_prefix(slash + 1);
  std::string out;
  for (const char c : from_outside) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = u >= 0x80 || (u > 0x20 && u != 0x7F && std::string_view("<>:\"|?*").find(c) == std::string_view::npos);
    out += plain ? c : '_';
  }
  while (!out.empty() && (out.front() == '.' || out.front() == '-')) out.erase(0, 1);
  if (out.size() > longest) {
    const auto dot = out.rfind('.');
    const std::string extension = dot != std::string::npos && out.size() - dot <= 10 ? out.substr(dot) : "";
    out.resize(longest - extension.size());
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();   // not in the middle of a character
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += extension;
  }
  return out.empty() ? "file" : out;
}

std::string outbox_file_name(std::string_view identity, std::size_t part, const Part& content) {
  std::string name(identity);
  if (part > 0) name += "." + std::to_string(part + 1);
  if (content.file_name.empty()) return name + std::string(extension_for(content.media_type));
  return name + "-" + plain_file_name(content.file_name);
}

bool is_being_written(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '~') return true;
  for (const std::string_view ending : {".tmp", ".part", ".filepart", ".crdownload", ".swp"})
    if (name.ends_with(ending)) return true;
  return false;
}

}  // namespace sluis::directory
