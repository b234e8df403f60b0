// Where a body goes: one part of the message, or with multipart/form-data a part for each of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/multipart.h"
#include "core/message/content.h"
#include "core/message/message.h"

namespace sluis::http {

// Each part is streamed to the content store; of a form the first is the payload and the others are attachments.
// [Ownership] the store outlives it; dropped without finish() it leaves nothing behind. [Threading] one thread at a
// time; blocks on the disk. [Errors] the store's, the form's ("multipart.…"), and "message.empty".
class BodyParts final : private FormSink {
 public:
  // `described`: what the request says of the payload.
  BodyParts(ContentStore& store, Part described, const std::optional<std::string>& boundary);
  Status write(std::string_view bytes);
  Result<Parts> finish();

 private:
  Status begin_part(FormPart part) override;
  Status data(std::string_view bytes) override;
  Status end_part() override;

  ContentStore& store_;
  Part described_;
  std::unique_ptr<MultipartReader> form_;  // null: the body is the payload
  std::unique_ptr<ContentWriter> writer_;
  Parts parts_;
  std::uint64_t size_ = 0;  // of the part being written
};

}  // namespace sluis::http
