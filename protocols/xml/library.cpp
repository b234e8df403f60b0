#include "protocols/xml/library.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <mutex>

namespace sluis::xml {

namespace {

xmlParserInputPtr refuse_entity(const char*, const char*, xmlParserCtxtPtr) {
  return nullptr;
}
void say_nothing(void*, const char*, ...) {}
void note_nothing(void*, xmlErrorPtr) {}

}  // namespace

void use_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSetExternalEntityLoader(refuse_entity);
    xmlThrDefSetGenericErrorFunc(nullptr, say_nothing);
    xmlThrDefSetStructuredErrorFunc(nullptr, note_nothing);
  });
  // libxml2 2.9 keeps its handlers by thread, and a thread may be older than the defaults above.
  thread_local bool silenced = false;
  if (silenced) return;
  xmlSetGenericErrorFunc(nullptr, say_nothing);
  xmlSetStructuredErrorFunc(nullptr, note_nothing);
  silenced = true;
}

}  // namespace sluis::xml
