"""The night: wait for publications, say what it did and what it cost, tell people, build a range of days anew."""
