// Header fields of one message: names without case, values as they came, in their order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/export.h"

namespace sluis::net::http {

// ASCII letters only: a field name has no others (RFC 9110 §5.1), and no locale decides what two servers see.
[[nodiscard]] SLUIS_CORE_API bool same_name(std::string_view a, std::string_view b);
// token, RFC 9110 §5.6.2.
[[nodiscard]] SLUIS_CORE_API bool is_token(std::string_view text);
// field-value without control characters (RFC 9110 §5.5): CR, LF and NUL in one are how a header is injected.
[[nodiscard]] SLUIS_CORE_API bool is_field_value(std::string_view text);

// [Threading] a value.
class SLUIS_CORE_API Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  // In the place of every field of this name.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  // The first field of this name; empty when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // All members of a list field, over all its lines (RFC 9110 §5.3, §5.6.1), without the empty ones; commas within
  // quoted strings do not separate.
  [[nodiscard]] std::vector<std::string_view> list(std::string_view name) const;
  // A list field has this member; case does not matter.
  [[nodiscard]] bool lists(std::string_view name, std::string_view member) const;

  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  [[nodiscard]] const std::string* find(std::string_view name) const;
  std::vector<Field> fields_;
};

// Whether an Accept-Encoding field allows gzip (RFC 9110 §12.5.3): named, or by "*", with a weight above zero.
[[nodiscard]] SLUIS_CORE_API bool accepts_gzip(const Headers& headers);

}  // namespace sluis::net::http
