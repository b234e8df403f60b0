// One YAML file as a tree of texts with places; nothing is converted, so that every type is checked by our own tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/predicate.h"

namespace sluis::config {

using routing::LocatedError;
using routing::Place;

// A scalar keeps its text as written: `no`, `0123` and `1.10` stay what they are. Lines and columns count from 1.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, mapping };
  Kind kind = Kind::null;
  bool quoted = false;  // a scalar in quotes, or a block scalar
  int line = 1;
  int column = 1;
  int key_line = 1;  // of a mapping's member
  int key_column = 1;
  std::string key;             // of a mapping's member
  std::string text;            // of a scalar
  std::vector<Node> children;  // a list's items, a mapping's members in their order

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_mapping() const { return kind == Kind::mapping; }
  [[nodiscard]] const Node* find(std::string_view name) const;  // a mapping's member, or null
};

struct Document {
  std::string file;         // as errors name it: "customers/acme.yaml"
  Node root;                // null when the file is empty
  bool understood = false;  // false: the errors say why, and `root` is not to be read
};

inline constexpr int deepest_nesting = 32;

// Reads one document of plain YAML. Refused, each with its place: syntax errors, what is not UTF-8, control characters,
// tabs as indentation, a second document, duplicate keys, anchors, aliases, merge keys and tags, and nesting deeper
// than deepest_nesting. Aliases are refused as they are read, so none is ever expanded. Pure.
[[nodiscard]] Document parse_document(std::string file, std::string_view text, std::vector<LocatedError>& errors);

}  // namespace sluis::config
