#include "adapters/digipoort/received_mail.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/mime/address.h"

namespace sluis::digipoort {

ReceivedMail::ReceivedMail(ContentStore& store) : store_(store), raw_(store.write()), parser_(*this) {}

Status ReceivedMail::feed(std::string_view octets) {
  if (auto kept = raw_->write(octets); !kept) return kept;
  if (!unreadable_) {
    const Status read = parser_.feed(octets);
    if (store_error_) return *store_error_;
    if (!read) unreadable_ = read.error();  // the raw mail is still kept to its end
  }
  return {};
}

Status ReceivedMail::begin_entity(const mime::EntityInfo& info, const mime::Headers& headers) {
  if (info.depth == 0) note_headers(headers);
  if (!info.composite) {
    Leaf leaf;
    leaf.info = info;
    leaf.parent = parents_.empty() ? "" : parents_.back();
    leaf.writer = store_.write();
    leaves_.push_back(std::move(leaf));
  }
  parents_.push_back(info.type.name());
  return {};
}

Status ReceivedMail::body(std::string_view decoded) {
  const Status written = leaves_.back().writer->write(decoded);
  if (!written) store_error_ = written.error();
  return written;
}

Status ReceivedMail::end_entity(const mime::EntityInfo& info) {
  parents_.pop_back();
  if (info.composite) return {};
  Leaf& leaf = leaves_.back();
  auto content = leaf.writer->finish();
  leaf.writer.reset();
  if (!content) {
    store_error_ = content.error();
    return content.error();
  }
  leaf.content = std::move(*content);
  return {};
}

void ReceivedMail::note_headers(const mime::Headers& headers) {
  const auto first_mailbox = [&](const char* name) {
    const std::string* value = headers.find(name);
    if (value == nullptr) return std::string{};
    const auto mailboxes = mime::parse_mailboxes(*value);
    return mailboxes && !mailboxes->empty() ? mailboxes->front().addr_spec() : std::string{};
  };
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) attributes_.set(name, value);
  };
  set("mail.from", first_mailbox("From"));
  set("mail.to", first_mailbox("To"));
  set("mail.subject", headers.decoded("Subject"));
  const auto ids = [&](const char* name) {
    const std::string* value = headers.find(name);
    return value == nullptr ? std::vector<std::string>{} : mime::parse_message_ids(*value);
  };
  if (const auto own = ids("Message-ID"); !own.empty()) message_id_ = own.front();
  set("mail.message-id", message_id_);
  if (const auto replied = ids("In-Reply-To"); !replied.empty()) set("mail.in-reply-to", replied.front());
  std::string references;
  for (const std::string& id : ids("References")) references += (references.empty() ? "" : " ") + id;
  set("mail.references", references);
}

Result<Arrival> ReceivedMail::finish(bool irregular) {
  std::optional<mime::Findings> findings;
  if (!unreadable_) {
    auto finished = parser_.finish();
    if (store_error_) return *store_error_;
    if (finished)
      findings = std::move(*finished);
    else
      unreadable_ = finished.error();
  }
  auto raw = raw_->finish();
  if (!raw) return raw.error();

  Arrival arrival;
  arrival.attributes = std::move(attributes_);
  Part original;
  original.role = PartRole::original;
  original.media_type = "message/rfc822";
  original.content = std::move(*raw);
  if (unreadable_) {
    arrival.quarantine = fmt::format("the mail cannot be read: {} ({})", unreadable_->what, unreadable_->code);
  } else if (irregular) {
    arrival.quarantine = "the mail has bare line ends or NUL octets: other readers may see another mail in it";
  } else if (findings->ambiguous()) {
    std::string names;
    for (const mime::Finding& finding : findings->ambiguities())
      names += (names.empty() ? "" : ", ") + std::string(finding.name);
    arrival.quarantine = "the mail can be read in two ways: " + names;
  }
  if (arrival.quarantine.empty()) {
    const auto is_cover = [](const Leaf& leaf) { return mime::is_cover_text(leaf.info, leaf.parent); };
    // A mail of text alone is what the text says.
    const bool only_text = std::all_of(leaves_.begin(), leaves_.end(), is_cover);
    for (Leaf& leaf : leaves_) {
      if (!only_text && is_cover(leaf)) continue;
      Part part;
      part.role = arrival.parts.empty() ? PartRole::payload : PartRole::attachment;
      part.media_type = leaf.info.type.name();
      part.file_name = leaf.info.file_name;
      part.content = std::move(*leaf.content);
      arrival.parts.push_back(std::move(part));
    }
  }
  arrival.parts.push_back(std::move(original));
  if (!message_id_.empty()) arrival.references.push_back(Reference{"message-id", "", message_id_});
  return arrival;
}

}  // namespace sluis::digipoort
