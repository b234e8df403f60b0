// Writes XML: every value escaped, every element closed. For reports, tests and the other side of a rehearsal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::xml {

// A document in UTF-8, without white space of its own. Names are the program's; values may come from outside. The first
// error stays and finish() gives it. [Threading] one thread.
class SLUIS_PROTOCOLS_API Writer {
 public:
  // Starts with the XML declaration, unless the document becomes part of another.
  explicit Writer(bool declaration = true);

  Writer& start(std::string_view name);
  // Right after start().
  Writer& attribute(std::string_view name, std::string_view value);
  Writer& text(std::string_view text);
  Writer& end();
  // start, text, end
  Writer& element(std::string_view name, std::string_view text);

  // [Errors] "xml.characters": text that is not UTF-8 or has a character that XML 1.0 §2.2 does not have; "xml.name";
  // "xml.structure": elements left open, none at all, a second root, or an attribute out of place.
  Result<std::string> finish();

 private:
  void close_tag();
  void fail(std::string_view code, std::string_view what);
  void escape(std::string_view text, bool in_attribute);

  std::string out_;
  std::vector<std::string> open_;
  std::vector<std::string> attributes_;  // of the start tag being written: a second one of a name is refused
  bool in_tag_ = false;
  bool has_root_ = false;
  Error error_;
};

}  // namespace sluis::xml
