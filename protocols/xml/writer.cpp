#include "protocols/xml/writer.h"

#include <algorithm>

#include "protocols/mime/charset.h"

namespace sluis::xml {

namespace {

// The names a program writes: ASCII, one colon at most (Namespaces in XML §4).
bool is_name(std::string_view name) {
  const auto start = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  bool first = true;
  std::size_t colons = 0;
  for (const char c : name) {
    if (c == ':' && !first) {
      ++colons;
      first = true;
      continue;
    }
    if (first ? !start(c) : !(start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.')) return false;
    first = false;
  }
  return !first && colons <= 1;
}

// Char (XML 1.0 §2.2) of text that is UTF-8 already: no control but TAB, LF, CR; not U+FFFE, U+FFFF.
bool is_xml_text(std::string_view text) {
  if (!mime::is_utf8(text)) return false;
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r'; }))
    return false;
  return text.find("\xEF\xBF\xBE") == std::string_view::npos && text.find("\xEF\xBF\xBF") == std::string_view::npos;
}

}  // namespace

Writer::Writer(bool declaration) {
  if (declaration) out_ = R"(<?xml version="1.0" encoding="UTF-8"?>)";
}

Writer& Writer::start(std::string_view name) {
  close_tag();
  if (!is_name(name)) fail("xml.name", "not a name: " + std::string(name));
  if (open_.empty() && has_root_) fail("xml.structure", "a second root element");
  has_root_ = in_tag_ = true;
  open_.emplace_back(name);
  attributes_.clear();
  out_ += '<';
  out_ += name;
  return *this;
}

Writer& Writer::attribute(std::string_view name, std::string_view value) {
  if (!in_tag_) fail("xml.structure", "an attribute outside a start tag");
  if (!is_name(name)) fail("xml.name", "not a name: " + std::string(name));
  if (std::find(attributes_.begin(), attributes_.end(), name) != attributes_.end())
    fail("xml.structure", "an attribute twice: " + std::string(name));
  attributes_.emplace_back(name);
  out_ += ' ';
  out_ += name;
  out_ += "=\"";
  escape(value, true);
  out_ += '"';
  return *this;
}

Writer& Writer::text(std::string_view text) {
  close_tag();
  if (open_.empty()) fail("xml.structure", "text outside the root element");
  escape(text, false);
  return *this;
}

Writer& Writer::end() {
  if (open_.empty()) {
    fail("xml.structure", "an end without a start");
    return *this;
  }
  if (in_tag_)
    out_ += "/>";
  else
    out_ += "</" + open_.back() + ">";
  in_tag_ = false;
  open_.pop_back();
  return *this;
}

Writer& Writer::element(std::string_view name, std::string_view text) {
  start(name);
  if (!text.empty()) this->text(text);
  return end();
}

Result<std::string> Writer::finish() {
  if (!open_.empty()) fail("xml.structure", "an element is left open: " + open_.back());
  if (!has_root_) fail("xml.structure", "no root element");
  if (!error_.code.empty()) return error_;
  return out_;
}

void Writer::close_tag() {
  if (in_tag_) out_ += '>';
  in_tag_ = false;
}

void Writer::fail(std::string_view code, std::string_view what) {
  if (error_.code.empty()) error_ = Error{code, what};
}

void Writer::escape(std::string_view text, bool in_attribute) {
  if (!is_xml_text(text)) fail("xml.characters", "text with octets or characters that XML does not have");
  for (const char c : text) {
    switch (c) {
      case '&': out_ += "&amp;"; break;
      case '<': out_ += "&lt;"; break;
      case '>': out_ += "&gt;"; break;  // "]]>" must not stand in text
      case '"': out_ += in_attribute ? "&quot;" : "\""; break;
      // A reader would turn these into blanks, or CR LF into LF (XML 1.0 §2.11, §3.3.3).
      case '\r': out_ += "&#13;"; break;
      case '\n': out_ += in_attribute ? "&#10;" : "\n"; break;
      case '\t': out_ += in_attribute ? "&#9;" : "\t"; break;
      default: out_ += c;
    }
  }
}

}  // namespace sluis::xml
