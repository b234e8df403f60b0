// The mail on the wire and the identity of a delivery.
#include "adapters/digipoort/wire_mail.h"

#include <gtest/gtest.h>

#include "protocols/mime/message.h"
#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

using sluis::tests::make_part;
using sluis::tests::MemoryContent;

class DigipoortMail : public ::testing::Test {
 protected:
  static std::shared_ptr<Delivery> with(std::shared_ptr<Delivery> delivery, const char* name,
                                        const std::string& value) {
    auto message = std::make_shared<Message>(*delivery->message);
    message->attributes.set(name, value);
    delivery->message = message;
    return delivery;
  }
  Result<std::unique_ptr<WireMail>> create(const Delivery& delivery) {
    return WireMail::create(delivery, profile_, "acme@mail.example.test", delivery.destination.address, store_);
  }
  std::string octets(const Delivery& delivery) {
    auto mail = create(delivery);
    EXPECT_TRUE(mail.ok());
    std::string all;
    for (;;) {
      auto piece = (*mail)->next();
      EXPECT_TRUE(piece.ok());
      if (!piece.ok() || piece->empty()) break;
      all += *piece;
    }
    EXPECT_EQ(all.size(), (*mail)->size());
    return all;
  }
  MemoryContent store_;
  MailProfile profile_{mime::Form::body, "{reference}", "Zie bijlage.", "gateway.example.test", {}};
};

TEST_F(DigipoortMail, HasTheSameOctetsOnEveryAttempt) {
  const auto first = make_mail();
  auto second = std::make_shared<Delivery>(*first);
  second->attempt = 7;
  EXPECT_EQ(octets(*first), octets(*second));
}

TEST_F(DigipoortMail, CarriesThePayloadOctetForOctet) {
  std::string payload;
  for (int i = 0; i < 1000; ++i) payload += static_cast<char>(i % 256);
  const auto delivery = make_mail(payload);
  mime::PayloadProof proof;
  ASSERT_TRUE(proof.feed(octets(*delivery)).ok());
  const auto digests = proof.finish();
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ(*digests, std::vector<Sha256>{sha256(payload)});
}

TEST_F(DigipoortMail, CarriesThePayloadOctetForOctetAsAnAttachment) {
  profile_.form = mime::Form::attachment;
  const std::string mail = octets(*make_mail("UNB+'"));
  EXPECT_NE(mail.find("multipart/mixed"), std::string::npos);
  mime::PayloadProof proof;
  ASSERT_TRUE(proof.feed(mail).ok());
  const auto digests = proof.finish();
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ(*digests, std::vector<Sha256>{sha256("UNB+'")});
}

TEST_F(DigipoortMail, StreamsAPayloadFromTheSpool) {
  auto writer = store_.write();
  const std::string payload(3'000'017, 'x');
  ASSERT_TRUE(writer->write(payload).ok());
  auto content = writer->finish();
  ASSERT_TRUE(content.ok());
  ASSERT_EQ(content->bytes, nullptr);
  auto delivery = make_mail();
  auto message = std::make_shared<Message>(*delivery->message);
  message->parts.front().content = *content;
  delivery->message = message;
  mime::PayloadProof proof;
  auto mail = create(*delivery);
  ASSERT_TRUE(mail.ok());
  std::size_t largest = 0, pieces = 0;
  for (;; ++pieces) {
    auto piece = (*mail)->next();
    ASSERT_TRUE(piece.ok());
    if (piece->empty()) break;
    largest = std::max(largest, piece->size());
    ASSERT_TRUE(proof.feed(*piece).ok());
  }
  EXPECT_GT(pieces, 50U);
  EXPECT_LT(largest, 100'000U);
  const auto digests = proof.finish();
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ(*digests, std::vector<Sha256>{sha256(payload)});
}

TEST_F(DigipoortMail, FillsTheSubjectFromAttributes) {
  profile_.subject = "Aangifte {reference}";
  EXPECT_NE(octets(*with(make_mail(), "reference", "REF42")).find("Subject: Aangifte REF42\r\n"), std::string::npos);
}

TEST_F(DigipoortMail, TakesTheRoutesSubjectFirst) {
  const auto delivery = make_mail();
  delivery->options.set("subject", "Van de route");
  EXPECT_NE(octets(*delivery).find("Subject: Van de route\r\n"), std::string::npos);
}

TEST_F(DigipoortMail, CallsAnEmptySubjectByTheMessagesId) {
  const auto delivery = make_mail();
  EXPECT_NE(octets(*delivery).find("Subject: " + delivery->message->id.text()), std::string::npos);
}

TEST_F(DigipoortMail, NamesEdifactAndXmlByTheirMediaTypes) {
  EXPECT_NE(octets(*with(make_mail(), "edifact.unb.reference", "1")).find("Content-Type: application/EDIFACT"),
            std::string::npos);
  EXPECT_NE(octets(*with(make_mail(), "xml.root", "NLERS")).find("Content-Type: application/xml"), std::string::npos);
}

TEST_F(DigipoortMail, TakesTheMediaTypeOfTheFlowFirst) {
  profile_.media_types["nvwa/elogboek"] = "text/xml";
  const auto delivery = with(with(make_mail(), "xml.root", "NLERS"), "flow", "nvwa/elogboek");
  EXPECT_NE(octets(*delivery).find("Content-Type: text/xml"), std::string::npos);
}

TEST_F(DigipoortMail, RefusesAHeaderInASubject) {
  const auto delivery = make_mail();
  delivery->options.set("subject", "a\r\nBcc: boef@example.test");
  const auto mail = create(*delivery);
  ASSERT_FALSE(mail.ok());
  EXPECT_EQ(mail.error().code, "mime.injection");
}

TEST_F(DigipoortMail, RefusesSeveralPayloads) {
  auto delivery = make_mail();
  auto message = std::make_shared<Message>(*delivery->message);
  message->parts.push_back(make_part("b", "text/plain", "b.txt"));
  delivery->message = message;
  const auto mail = create(*delivery);
  ASSERT_FALSE(mail.ok());
  EXPECT_EQ(mail.error().code, "mail.payload");
}

TEST_F(DigipoortMail, LeavesTheOriginalOfAMessageOut) {
  auto delivery = make_mail();
  auto message = std::make_shared<Message>(*delivery->message);
  message->parts.push_back(make_part("raw", "message/rfc822", "", PartRole::original));
  delivery->message = message;
  EXPECT_TRUE(create(*delivery).ok());
}

TEST(DigipoortIdentity, DiffersForTwoDestinationsOfOneMessage) {
  const auto one = make_mail();
  Delivery other = *one;
  other.destination.address = "vervoer@douane.example.test";
  EXPECT_NE(message_id_of(*one, "g.test"), message_id_of(other, "g.test"));
}

TEST(DigipoortIdentity, DiffersWhenAnOperatorResendsAsNew) {
  const auto one = make_mail();
  Delivery anew = *one;
  anew.options.set("as-new", "2");
  EXPECT_NE(message_id_of(*one, "g.test"), message_id_of(anew, "g.test"));
}

TEST(DigipoortIdentity, IsTheSameOnEveryAttempt) {
  const auto one = make_mail();
  Delivery again = *one;
  again.attempt = 5;
  again.in_doubt = true;
  EXPECT_EQ(message_id_of(*one, "g.test"), message_id_of(again, "g.test"));
}

TEST_F(DigipoortTest, NamesItsMessageIdAndEnvelopeIdAsReferences) {
  channel_ = std::make_unique<DigipoortChannel>(config_, context_);
  const auto delivery = make_mail();
  const Identity identity = channel_->identify(*delivery);
  EXPECT_EQ(identity.references, (std::vector<Reference>{{"message-id", "", identity.value},
                                                         {"envid", "digipoort", delivery->message->id.text()}}));
}

}  // namespace
}  // namespace sluis::digipoort::tests
