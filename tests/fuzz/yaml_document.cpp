// The reader of configuration documents: any text is a tree within bounds, or is refused with a place.
#include "config/document.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::config;

namespace {

// Octets of text and keys in the tree, which aliases could have multiplied.
std::size_t check(const Node& node, int last_line, int depth) {
  require(depth <= deepest_nesting + 1, "no deeper than the limit");
  require(node.line >= 1 && node.line <= last_line && node.column >= 1, "every node has a place in the file");
  require(is_utf8(node.text) && is_utf8(node.key), "what is read is UTF-8");
  require(node.children.empty() || node.is_list() || node.is_mapping(), "only lists and mappings have children");
  std::size_t octets = node.text.size() + node.key.size() + 1;
  for (const Node& child : node.children) {
    if (node.is_mapping()) require(node.find(child.key) == &child, "no key twice");
    octets += check(child, last_line, depth + 1);
  }
  return octets;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = text(data, size);
  std::vector<LocatedError> errors;
  const Document document = parse_document("fuzz.yaml", input, errors);
  require(document.understood == errors.empty(), "understood, or refused with a reason");
  for (const LocatedError& error : errors) {
    require(!error.what.empty(), "a reason in words");
    require(error.place.line >= 1 && error.place.column >= 1, "a reason with its place");
  }
  if (!document.understood) return 0;
  // NEL and the Unicode separators are line breaks to YAML, too.
  const auto last_line = static_cast<int>(size) + 2;
  require(check(document.root, last_line, 0) <= 8 * size + 16, "a tree no larger than its text allows");
  return 0;
}
