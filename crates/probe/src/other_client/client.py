"""Produces and consumes with kafka-python, and prints each message in the form of Kafka's console consumer.

Arguments: the folder with the settings, the messages and the file with names and addresses.
"""

import json
import logging
import pathlib
import socket
import sys

from kafka import KafkaConsumer, KafkaProducer

folder = pathlib.Path(sys.argv[1])
settings = json.loads((folder / "client.json").read_text())

# The lab's names come from a file, so that neither root nor /etc/hosts is needed. TLS still sees the name.
addresses = {}
for line in (folder / "hosts").read_text().splitlines():
    address, *names = line.split()
    addresses.update(dict.fromkeys(names, address))
system = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: system(addresses.get(host, host), *rest, **more)

logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(levelname)s %(message)s")

connection, topic, seconds = settings["connection"], settings["topic"], settings["seconds"]
producer = KafkaProducer(
    acks="all",
    delivery_timeout_ms=seconds * 1000,
    max_block_ms=seconds * 1000,
    **connection,
)
sent = []
for line in (folder / "messages").read_text().splitlines():
    key, value = line.split("\t", 1)
    sent.append(producer.send(topic, key=key.encode(), value=value.encode()))
for one in sent:
    one.get(timeout=seconds)
producer.close()

consumer = KafkaConsumer(
    topic,
    group_id=settings["group"],
    auto_offset_reset="earliest",
    consumer_timeout_ms=seconds * 1000,
    **connection,
)
for _, message in zip(sent, consumer):
    print(f"Partition:{message.partition}\t{message.value.decode()}", flush=True)
consumer.close()
