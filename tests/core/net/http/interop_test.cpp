// Clients and a server that others have written: curl, and Python's http.client and http.server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "core/net/http/gzip.h"
#include "tests/core/net/http/http_fixture.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::http::ClientRequest;
using net::http::Verdict;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A command's standard output, and its exit status.
class Command {
 public:
  explicit Command(const std::string& line) : pipe_(::popen(line.c_str(), "re")) {
    if (pipe_ == nullptr) throw std::runtime_error("popen");
  }
  ~Command() { finish(); }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  std::string line() {
    std::array<char, 200> buffer{};
    return ::fgets(buffer.data(), buffer.size(), pipe_) == nullptr ? "" : buffer.data();
  }
  std::string rest() {
    std::string all;
    std::array<char, 65536> buffer{};
    while (const std::size_t count = ::fread(buffer.data(), 1, buffer.size(), pipe_)) all.append(buffer.data(), count);
    return all;
  }
  int finish() {
    if (pipe_ != nullptr) status_ = ::pclose(std::exchange(pipe_, nullptr));
    return status_;
  }

 private:
  std::FILE* pipe_;
  int status_ = -1;
};

class HttpCurlTest : public HttpTest {
 protected:
  void serve() {
    net::http::Mount echo;
    echo.most_body = 50'000'000;
    echo.serve = net::http::collect_body(
        [](const Request& request, const std::string& body, const Responder& responder) {
          Response response =
              Response::text(200, request.method + " " + request.path + " " +
                                      (body.size() < 1000 ? body : std::to_string(body.size()) + " octets"));
          if (request.path == "/large") response.body.assign(3'000'000, 'x');
          response.compress = request.path == "/compressed" || request.path == "/large";
          responder.respond(std::move(response));
        },
        50'000'000);
    mount(std::move(echo));
    net::http::Mount closed;
    closed.prefix = "/closed";
    closed.serve = [](const Request&, const Responder& responder) {
      responder.respond(net::http::problem(401, "who are you?"));
      return nullptr;
    };
    mount(std::move(closed));
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(listener_->port()) + path;
  }
  static std::string curl(const std::string& arguments) {
    return Command("curl --silent --show-error --max-time 20 --noproxy '*' " + arguments + " 2>&1").rest();
  }
  std::string file(const std::string& name, const std::string& text) const { return directory_.write(name, text); }

  TemporaryDirectory directory_;
};

TEST_F(HttpCurlTest, GetsAndPosts) {
  start();
  serve();
  EXPECT_EQ(curl(url("/a%20b?x=1")), "GET /a b ");
  EXPECT_EQ(curl("--data hello " + url("/in")), "POST /in hello");
  EXPECT_EQ(curl("--http1.0 --data hello " + url("/in")), "POST /in hello");
  EXPECT_EQ(curl("--http2 " + url("/in")), "GET /in ");  // offers an upgrade, which is ignored
  EXPECT_THAT(curl("--head " + url("/in")), HasSubstr("Content-Length: 9"));
}

TEST_F(HttpCurlTest, KeepsItsConnection) {
  start();
  serve();
  EXPECT_EQ(curl(url("/1") + " " + url("/2") + " " + url("/3")), "GET /1 GET /2 GET /3 ");
  EXPECT_EQ(listener_->accepted(), 1U);
}

TEST_F(HttpCurlTest, WaitsForContinueWithALargeBody) {
  start();
  serve();
  const std::string large = file("large", std::string(5'000'000, 'x'));
  const std::string said = curl("--verbose --data-binary @" + large + " " + url("/in"));
  EXPECT_THAT(said, HasSubstr("< HTTP/1.1 100 Continue"));
  EXPECT_THAT(said, HasSubstr("POST /in 5000000 octets"));
}

TEST_F(HttpCurlTest, SendsChunks) {
  start();
  serve();
  const std::string large = file("large", std::string(5'000'000, 'x'));
  EXPECT_EQ(curl("--header 'Transfer-Encoding: chunked' --data-binary @" + large + " " + url("/in")),
            "POST /in 5000000 octets");
}

TEST_F(HttpCurlTest, SendsGzip) {
  start();
  serve();
  const std::string folded = file("folded.gz", net::http::gzip("unfolded"));
  EXPECT_EQ(curl("--header 'Content-Encoding: gzip' --data-binary @" + folded + " " + url("/in")), "POST /in unfolded");
}

TEST_F(HttpCurlTest, UnfoldsWhatIsCompressed) {
  start();
  serve();
  EXPECT_EQ(curl("--compressed " + url("/large")), std::string(3'000'000, 'x'));
  EXPECT_LT(curl("--header 'Accept-Encoding: gzip' " + url("/large")).size(), 100'000U);
}

TEST_F(HttpCurlTest, ReadsAnEarlyAnswer) {
  start();
  serve();
  const std::string large = file("large", std::string(5'000'000, 'x'));
  // With and without waiting for 100.
  EXPECT_EQ(curl("--output /dev/null --write-out '%{http_code}' --data-binary @" + large + " " + url("/closed")),
            "401");
  EXPECT_THAT(curl("--header 'Expect:' --output /dev/null --write-out '%{http_code}' --data-binary @" + large + " " +
                   url("/closed")),
              HasSubstr("401"));
}

TEST_F(HttpCurlTest, IsToldThatHttp2IsNotSpoken) {
  start();
  serve();
  EXPECT_THAT(talk("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
}

TEST_F(HttpCurlTest, ShowsItsCertificate) {
  TestAuthority authority;
  const IssuedCertificate own = authority.server();
  const IssuedCertificate acme = authority.client("acme");
  net::TlsSettings settings;
  settings.role = net::TlsRole::server;
  settings.certificate_file = own.certificate_file;
  settings.key_file = own.key_file;
  settings.client_certificate = net::ClientCertificate::require;
  settings.ca_file = authority.file();
  start().set_tls(*net::TlsContext::make(settings));
  mount({.serve = net::http::collect_body([](const Request& request, const std::string&, const Responder& responder) {
           responder.respond(Response::text(200, request.tls->peer->subject));
         })});
  const std::string secure = "https://localhost:" + std::to_string(listener_->port()) + "/";
  const std::string trust = "--ipv4 --cacert " + authority.file() + " ";
  EXPECT_EQ(curl(trust + "--cert " + acme.certificate_file + " --key " + acme.key_file + " " + secure), "CN=acme");
  EXPECT_THAT(curl(trust + secure), HasSubstr("curl: ("));
}

TEST_F(HttpCurlTest, PythonsClientGetsWhatItExpects) {
  start();
  serve();
  Command python("python3 " SLUIS_HTTP_TESTS "/python_client.py " + std::to_string(listener_->port()) + " 2>&1");
  EXPECT_EQ(python.rest(), "");
  EXPECT_EQ(python.finish(), 0);
}

class HttpPythonServerTest : public HttpTest, public testing::WithParamInterface<const char*> {
 protected:
  HttpPythonServerTest() : python_(std::string("python3 " SLUIS_HTTP_TESTS "/python_server.py ") + GetParam()) {
    port_ = static_cast<std::uint16_t>(std::stoi(python_.line()));
    client();
  }
  ~HttpPythonServerTest() override { fetch(ask("GET", "/quit")); }
  ClientRequest ask(const std::string& method, const std::string& target, const std::string& body = {}) const {
    ClientRequest one;
    one.origin = {false, "127.0.0.1", port_};
    one.method = method;
    one.target = target;
    one.body = body;
    return one;
  }

  Command python_;
  std::uint16_t port_ = 0;
};

TEST_P(HttpPythonServerTest, AnswersOurClient) {
  EXPECT_EQ(fetch(ask("POST", "/", "hello")).response.body, "hello");
  EXPECT_EQ(fetch(ask("POST", "/")).response.body, "");
  EXPECT_EQ(fetch(ask("GET", "/gzip")).response.body.size(), 8000U);
  EXPECT_EQ(fetch(ask("HEAD", "/gzip")).result.verdict, Verdict::answered);
  EXPECT_EQ(fetch(ask("GET", "/until-the-end")).response.body, "all of it");
  EXPECT_EQ(fetch(ask("GET", "/nothing")).response.status, 404);
  const std::string large(5'000'000, 'x');
  EXPECT_TRUE(fetch(ask("POST", "/", large)).response.body == large);
}

TEST_P(HttpPythonServerTest, ReadsOurChunks) {
  struct Answer : net::http::ResponseHandler {
    void on_body(std::string_view bytes) override { body += bytes; }
    void on_done(const net::http::ClientResult&) override { done.set_value(body); }
    std::string body;
    std::promise<std::string> done;
  };
  ClientRequest one = ask("POST", "/");
  one.streamed = true;
  const auto answer = std::make_shared<Answer>();
  const auto call = client_->send(one, answer);
  call.write("one ");
  call.write("two");
  call.end();
  EXPECT_EQ(answer->done.get_future().get(), "one two");
}

TEST_P(HttpPythonServerTest, IsKeptOnlyWhenItKeeps) {
  EXPECT_FALSE(fetch(ask("POST", "/", "x")).result.reused);
  EXPECT_EQ(fetch(ask("POST", "/", "x")).result.reused, std::string(GetParam()) == "HTTP/1.1");
}

TEST_P(HttpPythonServerTest, SendsChunksThatWeRead) {
  const Fetched fetched = fetch(ask("GET", "/chunked"));
  if (std::string(GetParam()) == "HTTP/1.1") {
    EXPECT_EQ(fetched.response.body, "one two three");
  } else {
    // Chunks from an HTTP/1.0 server are no message that two readers would read alike.
    EXPECT_EQ(fetched.result.error->code, "http.transfer-encoding");
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, HttpPythonServerTest, testing::Values("HTTP/1.0", "HTTP/1.1"),
                         [](const testing::TestParamInfo<const char*>& one) {
                           return std::string(one.param) == "HTTP/1.0" ? "Http10" : "Http11";
                         });

}  // namespace
}  // namespace sluis::test
