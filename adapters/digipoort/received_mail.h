// A mail from Digipoort, from the first octet to an Arrival.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/channel/arrival.h"
#include "core/message/content.h"
#include "protocols/mime/message.h"
#include "protocols/mime/parser.h"

namespace sluis::digipoort {

// Keeps the mail as received and takes out what it carries while it comes in; size is never memory.
// [Threading] one thread at a time; blocks on the disk. [Errors] only the store's; a mail that cannot be read is not an
// error but an Arrival with a quarantine reason: the raw mail is the part that is kept.
class ReceivedMail final : private mime::EntityHandler {
 public:
  explicit ReceivedMail(ContentStore& store);
  Status feed(std::string_view octets);
  // `irregular`: the POP3 machine saw bare line ends or NUL.
  Result<Arrival> finish(bool irregular);
  [[nodiscard]] const std::string& message_id() const { return message_id_; }

 private:
  struct Leaf {
    mime::EntityInfo info;
    std::string parent;
    std::unique_ptr<ContentWriter> writer;
    std::optional<Content> content;
  };
  Status begin_entity(const mime::EntityInfo& info, const mime::Headers& headers) override;
  Status body(std::string_view decoded) override;
  Status end_entity(const mime::EntityInfo& info) override;
  void note_headers(const mime::Headers& headers);

  ContentStore& store_;
  std::unique_ptr<ContentWriter> raw_;
  mime::Parser parser_;
  std::optional<Error> unreadable_;  // the first thing that was wrong with the mail; reading stopped there
  std::optional<Error> store_error_;
  std::vector<std::string> parents_;
  std::vector<Leaf> leaves_;
  Attributes attributes_;
  std::string message_id_;
};

}  // namespace sluis::digipoort
