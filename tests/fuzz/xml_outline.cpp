// XML outlines: documents of any octets, and prefixes of documents.
#include "protocols/xml/outline.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::xml;

namespace {

OutlineLimits small() {
  OutlineLimits limits;
  limits.fields = 10;
  limits.text = 40;
  limits.attributes = 8;
  limits.attribute = 100;
  limits.depth = 16;
  return limits;
}

void check(const Outline& outline) {
  const OutlineLimits limits = small();
  require(!outline.root.local_name.empty() && is_utf8(outline.root.local_name), "a root has a name");
  require(is_utf8(outline.root.namespace_uri), "what is read is UTF-8");
  require(outline.root.attributes.size() <= limits.attributes, "no more attributes than the limit");
  for (const Attribute& attribute : outline.root.attributes)
    require(attribute.value.size() <= limits.attribute && is_utf8(attribute.value),
            "an attribute's value is in bounds");
  require(outline.fields.size() <= limits.fields, "no more fields than the limit");
  for (const Field& field : outline.fields) {
    require(!field.path.empty() && is_utf8(field.path), "a field has a path");
    require(field.value.size() <= limits.text && is_utf8(field.value), "a field's value is in bounds");
    require(field.cut || outline.field(field.path) != nullptr, "a field is found by its path");
  }
}

}  // namespace

// The first octet says how much of the document the prefix has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view document = text(data + 1, size - 1);
  const auto whole = read_outline(document, small());
  if (whole.ok()) check(*whole);
  const auto prefix = read_outline(document.substr(0, document.size() * data[0] / 256), small());
  if (prefix.ok()) check(*prefix);
  if (!whole.ok() || !prefix.ok()) return 0;
  require(whole->root.local_name == prefix->root.local_name, "a prefix has the root of the whole");
  require(whole->root.namespace_uri == prefix->root.namespace_uri, "a prefix has the namespace of the whole");
  require(whole->root.attributes.size() == prefix->root.attributes.size(), "a prefix has the attributes of the whole");
  return 0;
}
