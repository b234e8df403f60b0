#include <algorithm>
#include <array>

#include "protocols/mime/address.h"
#include "routing/recognise.h"

namespace sluis::routing {

namespace {

// Identifiers with their angle brackets, or the one that a channel gave without.
std::vector<std::string> ids(std::string_view value) {
  if (value.empty() || value.find('<') != std::string_view::npos) return mime::parse_message_ids(value);
  return mime::parse_message_ids("<" + std::string(value) + ">");
}

}  // namespace

void recognise_mail(Recognition& out) {
  constexpr std::size_t most = 20;  // a References field grows with every reply; the nearest ones tell
  const auto echo = [&](std::string id) {
    Reference reference{"message-id", {}, std::move(id)};
    if (out.answers_to.size() < most &&
        std::find(out.answers_to.begin(), out.answers_to.end(), reference) == out.answers_to.end())
      out.answers_to.push_back(std::move(reference));
  };
  for (std::string& id : ids(out.attributes.get("mail.in-reply-to"))) echo(std::move(id));
  auto thread = ids(out.attributes.get("mail.references"));  // RFC 5322 §3.6.4: the parent is last
  std::reverse(thread.begin(), thread.end());
  for (std::string& id : thread) echo(std::move(id));
  for (std::string& id : ids(out.attributes.get("mail.message-id"))) {
    out.references.push_back({"message-id", {}, std::move(id)});
    break;
  }
}

void recognise_file(const Part& part, Recognition& out) {
  if (part.file_name.empty()) return;
  out.attributes.set_if_absent("file.name", part.file_name);
  const auto dot = part.file_name.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == part.file_name.size() || part.file_name.size() - dot > 17)
    return;
  std::string extension = part.file_name.substr(dot + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  out.attributes.set_if_absent("file.extension", extension);
}

void scope_by_authority(Recognition& out) {
  const std::string authority(out.attributes.get(attribute::authority));
  static constexpr std::array<std::string_view, 5> per_authority = {"message-identification", "lrn", "mrn", "arc",
                                                                    "nlers-rn"};
  const auto complete = [&](Reference& reference) {
    if (std::find(per_authority.begin(), per_authority.end(), reference.kind) == per_authority.end()) return;
    reference.scope = reference.scope.empty() ? authority : authority + "|" + reference.scope;
  };
  std::for_each(out.references.begin(), out.references.end(), complete);
  std::for_each(out.answers_to.begin(), out.answers_to.end(), complete);
}

}  // namespace sluis::routing
