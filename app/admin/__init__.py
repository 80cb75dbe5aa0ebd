"""The operator's counter: health of queue, index and store on one page, and the commands. Owns no tables."""
