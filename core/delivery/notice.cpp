#include "core/delivery/notice.h"

namespace sluis {

Message derived_message(const Message& original, MessageId id, std::string_view kind, std::string_view flow,
                        WallTime now) {
  Message message;
  message.id = id;
  message.received_at = now;
  message.customer = original.customer;
  message.in_reply_to = original.id;
  message.attributes.set(attribute::kind, kind);
  message.attributes.set(attribute::flow, flow);
  for (const std::string_view name : {attribute::customer, attribute::environment, attribute::reference})
    if (const auto value = original.attributes.find(name)) message.attributes.set(name, *value);
  return message;
}

}  // namespace sluis
