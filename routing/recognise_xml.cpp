#include <algorithm>
#include <array>
#include <string>

#include "protocols/xml/outline.h"
#include "routing/recognise.h"

namespace sluis::routing {

namespace {

enum class Meaning { sender, recipient, identification, correlation, lrn, mrn, arc };

// What a header field means, by its local name in lower case, wherever it stands.
//   NCTS phase 5: CCnnnC, messageSender …, TransitOperation/LRN and MRN   (NCTS XSDs 51.x, 60.x)
//   NCTS phase 4: MesSenMES3 …, HEAHEA/RefNumHEA4 and DocNumHEA5          (DDNTA, appendix of message elements)
//   EMCS phase 4: Header/MessageSender … CorrelationIdentifier            (…:EMCS:PHASE4:TMS:V3.xx)
//   WCO data model: Declaration/FunctionalReferenceID, the declarant's own number [inferred from public DMS samples]
struct Row {
  std::string_view name;
  Meaning meaning;
};
constexpr std::array rows = {
    Row{"messagesender", Meaning::sender},
    Row{"messenmes3", Meaning::sender},
    Row{"messagerecipient", Meaning::recipient},
    Row{"mesrecmes6", Meaning::recipient},
    Row{"messageidentification", Meaning::identification},
    Row{"messageidentifier", Meaning::identification},
    Row{"mesidemes19", Meaning::identification},
    Row{"correlationidentifier", Meaning::correlation},
    Row{"coridemes25", Meaning::correlation},
    Row{"lrn", Meaning::lrn},
    Row{"localreferencenumber", Meaning::lrn},
    Row{"refnumhea4", Meaning::lrn},
    Row{"functionalreferenceid", Meaning::lrn},
    Row{"mrn", Meaning::mrn},
    Row{"movementreferencenumber", Meaning::mrn},
    Row{"docnumhea5", Meaning::mrn},
    Row{"administrativereferencecode", Meaning::arc},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// The first field with this meaning that is whole and not empty.
std::string_view first(const xml::Outline& outline, Meaning meaning) {
  for (const xml::Field& field : outline.fields) {
    if (field.cut || field.value.empty()) continue;
    const std::string name = lower(field.path.substr(field.path.rfind('/') + 1));
    if (std::any_of(rows.begin(), rows.end(),
                    [&](const Row& row) { return row.meaning == meaning && row.name == name; }))
      return field.value;
  }
  return {};
}

std::string parties(std::string_view sender, std::string_view recipient) {
  return std::string(sender) + "|" + std::string(recipient);
}

void customs(const xml::Outline& outline, Side side, Recognition& out) {
  const std::string_view sender = first(outline, Meaning::sender);
  const std::string_view recipient = first(outline, Meaning::recipient);
  if (const auto id = first(outline, Meaning::identification); !id.empty()) {
    out.references.push_back({"message-identification", parties(sender, recipient), std::string(id)});
    out.attributes.set_if_absent(attribute::reference, id);
  }
  if (const auto id = first(outline, Meaning::correlation); !id.empty() && side != Side::customer) {
    out.answers_to.push_back({"message-identification", parties(recipient, sender), std::string(id)});
    out.attributes.set_if_absent(attribute::kind, "answer");
  }
  // An LRN is the declarant's: its own message carries it, an authority's message echoes it. The numbers that the
  // authority gives are carried and echoed alike: later messages know a declaration by its MRN only.
  if (const auto lrn = first(outline, Meaning::lrn); !lrn.empty()) {
    out.attributes.set_if_absent(attribute::reference, lrn);
    (side == Side::authority ? out.answers_to : out.references).push_back({"lrn", {}, std::string(lrn)});
  }
  for (const auto& [meaning, kind] : {std::pair{Meaning::mrn, "mrn"}, std::pair{Meaning::arc, "arc"}})
    if (const auto number = first(outline, meaning); !number.empty()) {
      out.references.push_back({kind, {}, std::string(number)});
      if (side != Side::customer) out.answers_to.push_back({kind, {}, std::string(number)});
    }
}

// NLERS, the Dutch electronic logbook (digipoort.md §2, flow 10): NAD addressee, NFR from, RN record number. What an
// answer looks like is not public; taken from its parent, the EU's ERS: the record number comes back, in a block of its
// own with a return status RS of three digits, 000 for accepted [inferred].
void logbook(const xml::Outline& outline, Side side, Recognition& out) {
  const auto value = [&](std::string_view path) -> std::string_view {
    const std::string* field = outline.field(path);
    return field == nullptr ? std::string_view{} : std::string_view(*field);
  };
  const std::string_view from = value("NFR");
  const std::string_view addressee = value("NAD");
  if (const auto number = value("RN"); !number.empty()) {
    out.references.push_back({"nlers-rn", parties(from, addressee), std::string(number)});
    out.attributes.set_if_absent(attribute::reference, number);
  }
  for (const std::string_view path :
       {"NLLOG/RV", "NLCOR/RV", "NLLOG/XR", "NLCOR/XR"})  // fleet register number, else the side number
    if (const auto vessel = value(path); !vessel.empty()) {
      out.attributes.set("nlers.vessel", vessel);
      break;
    }
  if (side == Side::customer) return;
  for (const xml::Field& field : outline.fields) {
    const auto slash = field.path.rfind('/');
    if (slash == std::string::npos || field.cut) continue;
    const std::string_view name = std::string_view(field.path).substr(slash + 1);
    if (name == "RN" && !field.value.empty()) {
      out.answers_to.push_back({"nlers-rn", parties(addressee, from), field.value});
    } else if (name == "RS" && field.value.size() == 3 &&
               std::all_of(field.value.begin(), field.value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      out.attributes.set_if_absent(attribute::answer, field.value == "000" ? "accepted" : "refused");
      out.attributes.set_if_absent(attribute::kind, "answer");
    }
  }
  if (const auto number = value("RN"); !number.empty() && side == Side::authority)
    out.answers_to.push_back({"nlers-rn", parties(addressee, from), std::string(number)});
}

bool looks_like_xml(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
    return head.substr(2, 2).find('<') != std::string_view::npos;
  if (head.starts_with(std::string_view("<\0", 2)) || head.starts_with(std::string_view("\0<", 2))) return true;
  const auto at = head.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos || head[at] != '<' || at + 1 >= head.size()) return false;
  const auto next = static_cast<unsigned char>(head[at + 1]);
  return next == '?' || next == '!' || next == '_' || next >= 0x80 || (next >= 'A' && next <= 'Z') ||
         (next >= 'a' && next <= 'z');
}

}  // namespace

bool recognise_xml(std::string_view head, Side side, Recognition& out) {
  if (!looks_like_xml(head)) return false;
  const auto outline = xml::read_outline(head);
  if (!outline) {
    out.attributes.set("xml.fault", outline.error().what);
    return true;
  }
  out.attributes.set("xml.root", outline->root.local_name);
  if (!outline->root.namespace_uri.empty()) out.attributes.set("xml.namespace", outline->root.namespace_uri);
  // A message's attributes are read at each of its deliveries: the first few fields of a header tell all there is to
  // tell.
  constexpr std::size_t most_attributes = 16;
  constexpr std::size_t most_fields = 40;
  constexpr std::size_t longest = 256;
  std::size_t count = 0;
  for (const xml::Attribute& a : outline->root.attributes)
    if (a.namespace_uri.empty() && a.value.size() <= longest && count++ < most_attributes)
      out.attributes.set("xml.attribute." + a.local_name, a.value);
  count = 0;
  for (const xml::Field& field : outline->fields)
    if (!field.cut && field.value.size() <= longest && count < most_fields &&
        out.attributes.set_if_absent("xml.field." + field.path, field.value))
      ++count;
  if (outline->root.local_name == "NLERS")
    logbook(*outline, side, out);
  else
    customs(*outline, side, out);
  return true;
}

}  // namespace sluis::routing
