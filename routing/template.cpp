#include "routing/template.h"

#include <fmt/format.h>

#include <algorithm>

#include "routing/symbols.h"

namespace sluis::routing {

namespace {

Error fault(std::string_view text, std::string_view why) {
  return Error{"routing.template", fmt::format("template \"{}\": {}", text, why)};
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c > ' ' && c != '{' && c != '}' && c != '|' && c != 0x7F;
  });
}

}  // namespace

Result<Template> Template::compile(std::string_view text) {
  Template out;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      literal += c;
      ++i;
    } else if (c == '}') {
      return fault(text, "a } without {; write }} for the character itself");
    } else if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos) return fault(text, "a { without }; write {{ for the character itself");
      if (!literal.empty()) out.pieces_.push_back({std::move(literal), {}});
      literal.clear();
      Piece piece{std::string(text.substr(i + 1, end - i - 1)), {}};
      std::string_view rest = piece.literal;
      while (true) {
        const auto bar = rest.find('|');
        const std::string_view name = rest.substr(0, bar);
        if (!is_name(name)) return fault(text, fmt::format("{{{}}} is not an attribute's name", piece.literal));
        piece.names.emplace_back(name);
        if (bar == std::string_view::npos) break;
        rest.remove_prefix(bar + 1);
      }
      out.pieces_.push_back(std::move(piece));
      i = end;
    } else {
      literal += c;
    }
  }
  if (!literal.empty()) out.pieces_.push_back({std::move(literal), {}});
  return out;
}

Template::Filled Template::fill(const Message& message, std::string_view environment) const {
  Filled out;
  for (const Piece& piece : pieces_) {
    if (piece.names.empty()) {
      out.text += piece.literal;
      continue;
    }
    bool found = false;
    for (const std::string& name : piece.names) {
      if (name == "message") {
        out.text += message.id.text();
        found = true;
      } else if (const auto value = attribute_text(message, environment, name); value && !value->empty()) {
        for (const char c : *value) out.text += static_cast<unsigned char>(c) < ' ' || c == '\x7F' ? ' ' : c;
        found = true;
      }
      if (found) break;
    }
    if (!found && out.missing.empty()) out.missing = piece.literal;
  }
  return out;
}

}  // namespace sluis::routing
