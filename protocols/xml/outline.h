// What recognition needs of an XML document, and no more: prolog, root element, the fields of its header (digipoort.md
// §2.1). Reads a prefix; builds no tree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/xml/declaration.h"

namespace sluis::xml {

// The first four end the reading, quietly: the document simply goes on. The others refuse the document.
struct OutlineLimits {
  std::size_t octets = 64 * 1024;  // of the document that are looked at
  std::size_t fields = 128;
  std::size_t text = 1024;            // octets kept of one field's value
  std::size_t field_depth = 2;        // levels below the root whose leaves are fields: 1 or 2
  std::size_t construct = 16 * 1024;  // octets of one tag, comment or processing instruction
  std::size_t attributes = 64;        // of one element
  std::size_t attribute = 4096;       // octets of one attribute's value
  std::size_t namespaces = 32;        // declared by one element
  std::size_t name = 256;             // octets of a name, prefix or namespace
  std::size_t depth = 64;             // of elements
};

struct Attribute {
  std::string namespace_uri;
  std::string local_name;
  std::string value;
};

struct RootElement {
  std::string namespace_uri;
  std::string local_name;
  std::vector<Attribute> attributes;  // without namespace declarations

  // The value of the attribute of that local name in no namespace, or null.
  [[nodiscard]] const std::string* attribute(std::string_view name) const {
    for (const Attribute& a : attributes)
      if (a.namespace_uri.empty() && a.local_name == name) return &a.value;
    return nullptr;
  }
};

struct Field {
  std::string path;   // local names below the root: "MesSenMES3", "MessageHeader/CorrelationIdentifier"
  std::string value;  // UTF-8, blanks at both ends taken off
  bool cut = false;   // longer than the limit: no key to route by
};

// A value; all text is UTF-8.
struct SLUIS_PROTOCOLS_API Outline {
  Declaration declaration;
  RootElement root;
  std::vector<Field> fields;  // in document order; a name may come more than once
  bool complete = false;      // the end of the root element was read

  // The first field of that path that is not cut, or null.
  [[nodiscard]] const std::string* field(std::string_view path) const;
};

// A field is a child of the root that has text only, or a child with text only of a child of the root that has elements
// only. `document` may be the whole or any prefix: the text of an element whose end is not in it is no field.
// [Threading] any thread. [Errors] "xml.doctype": any DOCTYPE, before it is processed; "xml.syntax": not well-formed as
// far as it was read (an undeclared entity or prefix included); "xml.encoding"; "xml.limit"; "xml.incomplete": it ends
// before the root's start tag does.
SLUIS_PROTOCOLS_API Result<Outline> read_outline(std::string_view document, OutlineLimits limits = {});

}  // namespace sluis::xml
