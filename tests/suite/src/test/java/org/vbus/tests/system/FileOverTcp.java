package org.vbus.tests.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/// Both ends of a file transfer, each run by a JVM inside a namespace.
final class FileOverTcp {
  static final String LISTENING = "listening";

  private FileOverTcp() {}

  /// `receive PORT` prints the digest of what one peer sends; `send ADDRESS PORT FILE` sends.
  public static void main(String[] words) throws Exception {
    switch (words[0]) {
      case "receive" -> receive(Integer.parseInt(words[1]));
      case "send" -> send(words[1], Integer.parseInt(words[2]), Path.of(words[3]));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private static void receive(int port) throws Exception {
    try (ServerSocket server = new ServerSocket(port)) {
      System.out.println(LISTENING);
      try (Socket peer = server.accept();
          InputStream in = peer.getInputStream()) {
        System.out.println(sha256(in));
      }
    }
  }

  private static void send(String address, int port, Path file) throws IOException {
    try (Socket peer = new Socket()) {
      peer.connect(new InetSocketAddress(address, port), 5_000);
      try (OutputStream out = peer.getOutputStream()) {
        Files.copy(file, out);
      }
    }
  }

  /// The digest of a whole stream in hexadecimal.
  static String sha256(InputStream in) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] buffer = new byte[1 << 16];
    for (int n; (n = in.read(buffer)) > 0; ) {
      digest.update(buffer, 0, n);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
