// gzip, both ways, through the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/net/http/gzip.h"
#include "tests/core/net/http/http_fixture.h"

namespace sluis::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpServerCodingTest : public HttpTest {};

TEST_F(HttpServerCodingTest, InflatesABody) {
  start();
  mount_echo("/");
  EXPECT_THAT(talk(post("/", net::http::gzip("unfolded"), "Content-Encoding: gzip\r\nConnection: close\r\n")),
              EndsWith("POST / unfolded"));
}

TEST_F(HttpServerCodingTest, RefusesADamagedGzipBody) {
  start();
  mount_echo("/");
  EXPECT_THAT(talk(post("/", "no gzip", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(talk(post("/", net::http::gzip("cut off").substr(0, 20), "Content-Encoding: gzip\r\n")),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(refused("http.gzip"), 2);
}

TEST_F(HttpServerCodingTest, StopsAGzipBomb) {
  start();
  mount_recorder();
  EXPECT_THAT(talk(post("/", net::http::gzip(std::string(100'000'000, 'x')), "Content-Encoding: gzip\r\n")),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(handler()->abort_code(), "http.gzip-ratio");
  EXPECT_LE(handler()->seen().body.size(), 2U * 1024 * 1024);
  EXPECT_EQ(refused("http.gzip-ratio"), 1);
}

TEST_F(HttpServerCodingTest, RefusesOtherContentCodingsAndSaysWhichItHas) {
  start();
  mount_echo("/");
  const std::string answer = talk(post("/", "x", "Content-Encoding: br\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(answer, HasSubstr("Accept-Encoding: gzip\r\n"));
}

TEST_F(HttpServerCodingTest, CompressesAResponseForThoseWhoAcceptIt) {
  start();
  mount({.serve = net::http::collect_body([](const Request&, const std::string&, const Responder& responder) {
           Response response = Response::text(200, std::string(5000, 'x'));
           response.compress = true;
           responder.respond(std::move(response));
         })});
  const std::string plain = talk(last_get("/"));
  EXPECT_THAT(plain, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_THAT(plain, EndsWith(std::string(5000, 'x')));
  const std::string folded = talk(last_get("/", "Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(folded, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_EQ(*net::http::gunzip(folded.substr(folded.find("\r\n\r\n") + 4)), std::string(5000, 'x'));
}

TEST_F(HttpServerCodingTest, SendsOneCompressedBufferToMany) {
  start();
  const auto snapshot = std::make_shared<const std::string>(net::http::gzip(std::string(3'000'000, 'x')));
  mount({.serve = [snapshot](const Request&, const Responder& responder) {
    Response response{200, {{"Content-Encoding", "gzip"}}};
    response.shared_body = snapshot;
    response.compress = true;  // changes nothing: it is compressed
    responder.respond(std::move(response));
    return nullptr;
  }});
  for (int i = 0; i < 3; ++i) {
    const std::string answer = talk(last_get("/", "Accept-Encoding: gzip\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + *snapshot));
  }
}

TEST_F(HttpServerCodingTest, CompressesAStreamedResponse) {
  start();
  mount({.serve = [](const Request&, const Responder& responder) {
    responder.begin({200, {}, {}}, std::nullopt, true);
    responder.write("one ");
    responder.write("two");
    responder.end();
    return nullptr;
  }});
  const std::string folded = talk("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(*net::http::gunzip(folded.substr(folded.find("\r\n\r\n") + 4)), "one two");
}

}  // namespace
}  // namespace sluis::test
