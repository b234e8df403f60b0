// Texts with attributes in them: "{customer}/{edifact.unb.recipient}".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/message.h"
#include "core/runtime/result.h"

namespace sluis::routing {

// `{name}` is an attribute's value, `{a|b}` the first of them that the message has; `{{` and `}}` are braces.
// `{message}` is the message's id. Control characters in a value become blanks: what fills a template came from
// outside, and a line end in it would be a second header line somewhere. [Threading] immutable; any thread.
class Template {
 public:
  // Error "routing.template".
  static Result<Template> compile(std::string_view text);

  struct Filled {
    std::string text;
    std::string missing;  // the first {…} that no attribute filled; empty: all were
  };
  [[nodiscard]] Filled fill(const Message& message, std::string_view environment) const;
  [[nodiscard]] bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    std::string literal;  // names empty: the text; else what stood between the braces
    std::vector<std::string> names;
  };
  std::vector<Piece> pieces_;
};

}  // namespace sluis::routing
